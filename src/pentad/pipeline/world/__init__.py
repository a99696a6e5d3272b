"""A generated world of toys on trays: pictures, clips, sounds and clouds of the same concepts."""
