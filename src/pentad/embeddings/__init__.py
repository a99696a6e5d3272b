"""Items in, vectors out: `embed`, the `Embeddings` it makes, and the shards they lie in."""
