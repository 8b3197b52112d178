"""Fixtures: profiles, addresses, and looks rendered to DMX slots."""
