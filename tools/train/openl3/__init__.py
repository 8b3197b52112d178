"""OpenL3 for the show: `python -m tools.train.openl3 VERB`."""
