"""The networks that hear time: beats and downbeats."""
