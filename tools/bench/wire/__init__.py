"""What leaves on the network."""
