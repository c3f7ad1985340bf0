"""The `petitions` command; one module for each group of commands."""

from petitions.cli.main import main

__all__ = ["main"]
