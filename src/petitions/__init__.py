"""petitions: a self-hosted platform for petitions and solidarity statements."""
