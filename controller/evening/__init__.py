"""The evening: what the bands' paper sheets say, and where in them the night is."""
