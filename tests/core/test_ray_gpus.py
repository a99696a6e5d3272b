"""Workers of a cluster that need a GPU each."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from pentad.core.engine import get_engine
from pentad.core.grid import Grid
from tests.ray_clusters import two_nodes

pytestmark = pytest.mark.slow


def _prepare(shard: str) -> str:
    return f"{shard} {os.environ['CUDA_VISIBLE_DEVICES']}"


def _where(prepared: str, task: int) -> list[tuple[str, int, int]]:
    time.sleep(0.05)
    return [(prepared, os.getpid(), task)]


def _joined(
    left: list[tuple[str, int, int]], right: list[tuple[str, int, int]]
) -> list[tuple[str, int, int]]:
    return left + right


def test_there_is_a_worker_for_every_gpu_and_room_for_merges() -> None:
    with two_nodes(gpus=1) as cluster:
        engine = get_engine("ray", address=cluster.address)
        grid = Grid(_prepare, ["model"], partial(_where), list(range(12)), _joined, 1)
        found = [part for result in engine.gather(grid) for part in result]
        assert [task for _, _, task in found] == list(range(12))
        assert {prepared for prepared, _, _ in found} == {"model 0"}
        assert len({worker for _, worker, _ in found}) == 2
        two = Grid(_prepare, ["left", "right"], _where, [0, 1], _joined, 1)
        names = [[p.split()[0] for p, _, _ in result] for result in engine.gather(two)]
        assert names == [["left", "right"], ["left", "right"]]
