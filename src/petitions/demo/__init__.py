"""The sample campaigns, and the mailbox that catches their mail."""
