"""What the campaign leads are told of how it runs."""
