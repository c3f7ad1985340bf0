"""Campaigns: what is demanded of whom, in which words, on which terms, until when."""
