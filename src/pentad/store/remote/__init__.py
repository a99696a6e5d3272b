"""Inputs on object stores: what is there, whole objects fetched, and what was fetched kept."""
