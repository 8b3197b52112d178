"""What a venue's own nights leave behind to learn from."""
