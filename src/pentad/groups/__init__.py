"""Neighbors of several modalities lined up into n-tuples: `build_groups` makes `Groups`."""
