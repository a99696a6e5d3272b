"""Captions of items that a model writes: asked for, kept in chunks, registered as generated."""
