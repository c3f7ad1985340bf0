"""Tests of lists and their files."""
