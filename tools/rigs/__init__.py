"""A judge for whole libraries of fixtures: what is sent, read back by another reading of the files."""
