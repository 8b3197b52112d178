"""A room's opening that was composed: a tune whose beats are known, the light that goes with them, and what follows."""
