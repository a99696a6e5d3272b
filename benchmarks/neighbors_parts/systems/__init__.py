"""Approximate indexes that are compared, one module for each library."""
