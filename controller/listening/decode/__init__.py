"""Embeddings to light tokens, ten times a second."""
