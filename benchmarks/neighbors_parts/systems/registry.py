"""All systems by name."""

from __future__ import annotations

from neighbors_parts.systems.autofaiss_choice import Autofaiss
from neighbors_parts.systems.base import System
from neighbors_parts.systems.faiss_graphs import FaissGraph
from neighbors_parts.systems.hnswlib_graph import Hnswlib
from neighbors_parts.systems.lance import Lance
from neighbors_parts.systems.pentads import Pentad
from neighbors_parts.systems.usearch_graph import Usearch

SYSTEMS: dict[str, System] = {
    "pentad-ivf": Pentad("ivf"),
    "pentad-hnsw": Pentad("hnsw"),
    "pentad-hnsw-flat": Pentad("hnsw-flat"),
    "faiss-hnsw": FaissGraph(),
    "faiss-hnsw-sq8": FaissGraph("SQ8"),
    "faiss-hnsw-sq8-refined": FaissGraph("SQ8", refined=True),
    "hnswlib": Hnswlib(),
    "usearch-bf16": Usearch(),
    "usearch-i8": Usearch("i8"),
    "lancedb-ivf-pq": Lance(),
    "lancedb-hnsw-sq": Lance("IVF_HNSW_SQ"),
    "autofaiss": Autofaiss(),
    "autofaiss-small": Autofaiss(None),
    "faiss-hnsw-16": FaissGraph(links=16),
    "hnswlib-16": Hnswlib(links=16),
    "usearch-bf16-16": Usearch(links=16),
}

TRIALS = tuple(name for name in SYSTEMS if name.endswith("-16"))
"""Graphs with half the links, compared only where they are named."""

OURS = tuple(name for name in SYSTEMS if name.startswith("pentad"))
