"""The small embedder: `python -m tools.train.embedder train|export`."""
