"""Ways out: groups and rated triplets as tables, tar shards and data set folders for others."""
