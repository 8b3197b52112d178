"""Long runs: memory and pace over a night."""
