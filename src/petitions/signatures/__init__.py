"""Signatures: drafts, confirming, the count, and who is shown how."""
