"""Benchmarks of captions: a sentence is asked for its picture, sound or clip, and the reverse."""
