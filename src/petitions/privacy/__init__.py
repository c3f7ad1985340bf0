"""What is kept of a signer, why, and what they agreed to."""
