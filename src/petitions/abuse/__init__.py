"""Keeping trolls and robots from the count without keeping a trace of people."""
