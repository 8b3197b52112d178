"""Process: the page, controllers and the status line. Read `process.py` first."""
