"""Lights for the same sound, compared by people who do not know which is which."""
