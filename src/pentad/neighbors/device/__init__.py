"""Exact search on an accelerator: bytes leave few pairs, float32 ranks them, float64 has the word.

The result is that of `pentad.neighbors.exact.ExactSearch`, byte for byte. Blocks of queries stay on
the device; blocks of items stream through it, the next one copied while one is searched. For each
tile of queries and items:

1. the product of bytes, exact in int32: no rounding of the device enters the proof;
2. the greatest sum of every group of 64 items, compared with what the group needs at least;
3. of the groups that reach it, the pairs whose own bound does, by the float32 product of their rows
   offered to the list of the query, whose k-th raises what later pairs need.

A tile of which too much is left is multiplied in float32 as a whole. The lists go to the processor,
where the pairs within the error of float32 are scored in float64 from the stored vectors, on other
threads, while the device searches the next queries. A list that does not prove its query is made
anew with more room, and at last by `ExactSearch`.

Estimated, not measured, for one H100 (3.35 TB/s, about 1,200 trillion byte operations a second in a
large product, half of that in 16 bits) and a tile of 16,384 queries and 65,536 items of 1,024
values, 2.2e12 operations and 4.3 GB of sums:

    product, its 4.3 GB of sums written meanwhile             1.8 to 2.6 ms
    group maxima: 4.3 GB read                                 1.3 to 1.8 ms
    needs of groups, comparison: 67 MB, three passes          0.1 ms
    groups and pairs that are left, 2e5 pairs at 24 KB        0.2 to 1.5 ms
    lists: (16,384, 56) sorted once or twice                  0.2 to 0.4 ms
    waits for counts, about six                               0.2 ms

That is 4 to 7 ms a tile. 6.7 million queries and 10 million items are 62,400 tiles: 4 to 7 minutes.
700,000 queries at a time make ten passes over the items, 20 GB each in float16: 200 GB through the
bus, and 1,530 blocks turned into bytes at about 4 ms, both hidden or small beside the tiles. The
processor scores 17 pairs a query, 4.5 microseconds each on one thread where that was measured: nine
minutes of one thread, spread over all, while the device goes on.
Products in 16 bits would leave nearly nothing to multiply again, but cost 3.4 ms, and how the
device rounds their sums is not documented, so that a proof would rest on a guess. One kernel that
compares sums before it writes them would save the second pass and some of the first, and need 2 to
3 minutes.
"""
