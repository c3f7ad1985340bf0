"""Keeping a list credible: what moderators look for, hide, remove, hold and let go."""
