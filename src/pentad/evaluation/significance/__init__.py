"""Is a difference real? Intervals, tests and corrections over queries that hang together."""
