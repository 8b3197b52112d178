"""DMX frames to the wire."""
