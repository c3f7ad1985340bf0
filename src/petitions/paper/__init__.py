"""Signatures on paper: printed sheets, rows that were typed from them, and who stands there twice."""
