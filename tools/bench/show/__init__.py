"""A show of real processes: rates, lateness, the page."""
