"""From a sound to the packet that answers it."""
