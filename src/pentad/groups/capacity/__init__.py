"""Give items to captions where an item may be used only so often."""
