"""What a show writes down, and reading it again."""
