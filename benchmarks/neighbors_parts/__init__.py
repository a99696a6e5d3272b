"""The parts of `benchmarks/neighbors.py`."""
