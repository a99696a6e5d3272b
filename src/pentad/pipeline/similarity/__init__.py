"""Similarity of items from files to tables: vectors in, prepared, searched, judged, as a grid."""
