"""Sound in: sources, the ring, rolling windows, and the fast onset path."""
