"""What fixtures there are: their profiles, where they are patched, and what their levels look like."""
