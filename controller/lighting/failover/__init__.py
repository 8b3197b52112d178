"""Which of two output processes lights, and how the other steps in."""
