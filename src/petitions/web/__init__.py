"""HTTP parts that every audience shares."""
