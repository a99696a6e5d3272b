"""A generated world of toys on trays: pictures, clips, sounds and clouds that show the same concepts."""
