"""A show without a room: faster than real time into files, or in the browser."""
