"""The bytes of lighting protocols, both directions: pure, no socket, no clock."""
