"""Lights judged on what hangs in the room: many songs through the whole show, one table with intervals."""
