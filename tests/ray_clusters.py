"""A Ray cluster of two nodes on this machine, for tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_STORE = 80 << 20


@contextmanager
def two_nodes(*, gpus: int = 0) -> Iterator[Any]:
    """Yield a running ``ray.cluster_utils.Cluster`` whose nodes have two processors each.

    Ray believes in as many GPUs a node as it is told there are.

    Ray leaves sockets and processes to the garbage collector, and Python warns of that.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        import ray
        from ray.cluster_utils import Cluster

        head = {
            "num_cpus": 2,
            "num_gpus": gpus,
            "include_dashboard": False,
            "object_store_memory": _STORE,
        }
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            cluster.add_node(num_cpus=2, num_gpus=gpus, object_store_memory=_STORE)
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()
