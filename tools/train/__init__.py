"""Training of the bundled models. Start reading at `README.md`, then `bundled.py`."""
