"""What turns media into vectors: the `Encoder` protocol, its registry, one file per family."""
