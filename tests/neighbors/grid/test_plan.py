from __future__ import annotations

import pytest

from pentad.core.errors import InputError
from pentad.neighbors.grid.plan import make_plan


def test_runs_cover_everything_once() -> None:
    plan = make_plan(10, 7, 4, 2, query_rows=4, item_rows=3)
    assert plan.queries == (slice(0, 4), slice(4, 8), slice(8, 10))
    assert plan.items == (slice(0, 3), slice(3, 6), slice(6, 7))
    assert plan.products == 9


def test_shards_of_one_size_fit_into_memory() -> None:
    plan = make_plan(1_000_000, 10_000_000, 1024, 2, memory=1 << 30)
    sizes = [part.stop - part.start for part in plan.items]
    assert sum(sizes) == 10_000_000
    assert max(sizes) * (1024 * 6 + 12) <= 1 << 30
    assert max(sizes) - min(sizes) < len(sizes)
    assert plan.queries[0] == slice(0, 32768)


def test_nothing_and_little() -> None:
    assert make_plan(0, 5, 3, 4).queries == ()
    assert make_plan(3, 5, 3, 4, memory=1).items == (slice(0, 5),)


@pytest.mark.parametrize("name", ["memory", "query_rows", "item_rows"])
def test_sizes_less_than_one(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} must be at least 1; got 0"):
        make_plan(1, 1, 1, 4, **{name: 0})
