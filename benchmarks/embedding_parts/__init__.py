"""Pieces of ``embedding.py``."""
