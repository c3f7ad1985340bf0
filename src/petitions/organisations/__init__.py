"""Unions, student groups, parties and others that sign in their own name, and how we know that it is they."""
