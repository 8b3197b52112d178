"""A lighting designer in rules and dice, and what it knows about a song."""
