from tests.stores import memory, s3

__all__ = ["memory", "s3"]
