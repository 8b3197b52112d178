"""The form of songs: songs with their sections, the weights of a boundary, and how well it is followed."""
