"""Models that say in words what they see; by the same protocol, whatever runs them."""
