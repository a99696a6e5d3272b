"""How good vectors are: retrieval metrics, intervals, baselines side by side, and the report."""
