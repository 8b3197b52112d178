"""The patch, drawn in a browser: fixtures found in the libraries, put on a plan, addressed, tried and written."""
