"""`python -m petitions` is the `petitions` command."""

from petitions.cli import main

main()
