"""Pages for supporters."""
