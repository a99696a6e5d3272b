"""Readers of classification benchmarks: which classes each clip or shape belongs to."""
