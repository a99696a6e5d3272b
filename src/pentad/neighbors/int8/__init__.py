"""Bounds on all products of queries and items by eight-bit numbers, at several times the speed."""
