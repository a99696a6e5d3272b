"""Leakage: what an evaluation set shares with the set that a model was trained on."""
