"""Exact search as a grid of query shards and corpus shards, on any engine: `grid_search`."""
