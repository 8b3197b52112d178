"""Footage of a venue to aligned training features: light seen, sound heard, and how far to trust them."""
