"""For each query, the k nearest items of a corpus: `find_neighbors` gives `Neighbors`."""
