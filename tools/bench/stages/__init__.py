"""What each stage of the signal path costs, and a rehearsal."""
