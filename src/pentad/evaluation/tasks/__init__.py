"""Tasks: queries, items and what is relevant, in one neutral form, and readers of benchmarks."""
