"""Fixture profiles: our own format, the importers of three others, and the library that finds them."""
