"""Fixtures at addresses, and looks rendered to DMX slots."""
