"""Lists for those to whom a statement is addressed."""
