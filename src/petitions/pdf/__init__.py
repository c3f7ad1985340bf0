"""Setting texts of every script on pages of PDF."""
