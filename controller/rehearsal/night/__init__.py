"""After the night: what was played, how it was lit, what people did and what went wrong, out of the show's log."""
