"""Pages for campaign leads."""
