"""What a person's desk sends to us."""
