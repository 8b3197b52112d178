"""What the pages say about the code, written from the code."""
