"""Footage of a venue to aligned training features: light that was seen, sound that was heard, and how far to trust it."""
