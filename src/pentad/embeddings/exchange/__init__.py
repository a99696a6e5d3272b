"""Embeddings of other programs, read and written: one file a layout, the same shape for all."""
