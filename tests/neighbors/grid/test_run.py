"""The grid against `ExactSearch`, byte for byte, on this machine; and going on after an end."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pentad.core.engine import LocalEngine
from pentad.core.errors import InputError, StoreError
from pentad.embeddings.stacked import StackedRows
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.grid import product, run
from pentad.neighbors.grid.finished import remove_products
from pentad.neighbors.grid.kept import KeptQueries
from pentad.neighbors.grid.run import grid_search
from pentad.neighbors.metrics import METRICS, get_metric

COSINE = get_metric("cosine")


def vectors(queries=90, items=700, dim=12, *, dtype=np.float16):
    """Return rows of which many are equal and many are multiples of one another."""
    rng = np.random.default_rng(5)
    few = rng.integers(-3, 4, (items // 3, dim))
    corpus = few[rng.integers(0, len(few), items)] * rng.integers(1, 3, (items, 1))
    return rng.integers(-3, 4, (queries, dim)).astype(dtype), corpus.astype(dtype)


def same(found, queries, corpus, k, metric):
    rows, scores = ExactSearch(corpus, metric).search(queries, k)
    assert found[0].dtype == np.int64
    assert found[1].dtype == np.float64
    assert found[0].tobytes() == rows.tobytes()
    assert found[1].tobytes() == scores.tobytes()


@pytest.fixture
def counted(monkeypatch):
    """The products that are searched, not read; and a number after which one fails."""
    made = []
    limit = {"at": None}
    original = product._searched

    def searched(corpus, queries, rows):
        if len(made) == limit["at"]:
            raise KeyboardInterrupt
        made.append((queries.start, corpus.shard.start))
        return original(corpus, queries, rows)

    monkeypatch.setattr(product, "_searched", searched)
    return made, limit


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("sizes", [(90, 700), (31, 100), (7, 33)])
def test_cutting_changes_nothing(metric, dtype, sizes):
    queries, corpus = vectors(dtype=dtype)
    found = grid_search(
        queries, corpus, 16, get_metric(metric), engine=LocalEngine(),
        query_rows=sizes[0], item_rows=sizes[1],
    )  # fmt: skip
    same(found, queries, corpus, 16, get_metric(metric))


def test_shards_smaller_than_k_and_all_items():
    queries, corpus = vectors(5, 40)
    for k in (1, 16, 40):
        found = grid_search(queries, corpus, k, COSINE, engine=LocalEngine(), item_rows=3)
        same(found, queries, corpus, k, COSINE)


def test_memory_alone_decides_the_shards():
    queries, corpus = vectors(20, 3000, 64)
    found = grid_search(queries, corpus, 4, COSINE, engine=LocalEngine(), memory=200_000)
    same(found, queries, corpus, 4, COSINE)


def test_two_processes_map_the_files_themselves(tmp_path: Path):
    queries, corpus = vectors()
    np.save(tmp_path / "corpus.npy", corpus)
    mapped = np.load(tmp_path / "corpus.npy", mmap_mode="r")
    found = grid_search(
        queries, mapped, 16, COSINE, engine=LocalEngine(2), query_rows=40, item_rows=300
    )
    same(found, queries, corpus, 16, COSINE)


def test_several_files_are_searched_as_one(tmp_path: Path):
    queries, corpus = vectors()
    for name, part in zip("abc", np.split(corpus, [310, 340]), strict=True):
        np.save(tmp_path / f"{name}.npy", part)
    stacked = StackedRows([np.load(tmp_path / f"{n}.npy", mmap_mode="r") for n in "abc"])
    sides = StackedRows([queries[:11], queries[11:]])
    for resume in (None, tmp_path / "products"):
        found = grid_search(
            sides, stacked, 16, COSINE, engine=LocalEngine(),
            query_rows=40, item_rows=300, resume=resume,
        )  # fmt: skip
        same(found, queries, corpus, 16, COSINE)


def test_progress_counts_every_query_once():
    told = []

    class Counter:
        def advance(self, count=1):
            told.append(count)

    queries, corpus = vectors()
    grid_search(
        queries, corpus, 3, COSINE, engine=LocalEngine(),
        query_rows=40, item_rows=300, task=Counter(),
    )  # fmt: skip
    assert sum(told) == 90
    assert len(told) == 9


def test_no_queries():
    queries, corpus = vectors()
    rows, scores = grid_search(queries[:0], corpus, 3, COSINE, engine=LocalEngine())
    assert rows.shape == scores.shape == (0, 3)


def test_a_search_that_was_cut_off_goes_on(tmp_path: Path, counted):
    made, limit = counted
    queries, corpus = vectors()
    folder = tmp_path / "products"

    def search():
        return grid_search(
            queries, corpus, 16, COSINE, engine=LocalEngine(),
            query_rows=30, item_rows=200, resume=folder,
        )  # fmt: skip

    limit["at"] = 5
    with pytest.raises(KeyboardInterrupt):
        search()
    before, limit["at"] = list(made), None
    made.clear()
    same(search(), queries, corpus, 16, COSINE)
    assert len(before) == 5
    assert len(made) == 12 - 5
    assert not set(before) & set(made)
    made.clear()
    same(search(), queries, corpus, 16, COSINE)
    assert made == []
    remove_products(folder)
    assert not folder.exists()


@pytest.fixture
def pairs_kept(monkeypatch):
    """Leave the products of pairs alone, as if no query were finished yet."""
    monkeypatch.setattr(KeptQueries, "write", lambda self, part, found: None)


def search_again(made, queries, corpus, folder, k=4, metric="cosine", item_rows=350):
    """Search, compare, and return how many products were made."""
    made.clear()
    found = grid_search(
        queries, corpus, k, get_metric(metric), engine=LocalEngine(),
        item_rows=item_rows, resume=folder,
    )  # fmt: skip
    same(found, queries, corpus, k, get_metric(metric))
    return len(made)


def test_only_what_is_the_same_is_taken(tmp_path: Path, counted, pairs_kept):
    queries, corpus = vectors()
    again = partial(search_again, counted[0])
    other = corpus.copy()
    other[0] += 1
    assert again(queries, corpus, tmp_path) == 2
    assert again(queries, corpus, tmp_path) == 0
    assert again(queries, other, tmp_path) == 1  # the shard that changed
    assert again(queries[::-1], corpus, tmp_path) == 2
    assert again(queries, corpus, tmp_path, k=5) == 2
    assert again(queries, corpus, tmp_path, metric="dot") == 2
    assert again(queries, corpus, tmp_path, item_rows=400) == 2
    assert again(queries, corpus.astype(np.float32), tmp_path) == 2
    assert again(queries, corpus, tmp_path) == 0


def test_finished_queries_take_the_place_of_their_products(tmp_path: Path, counted):
    queries, corpus = vectors()
    again = partial(search_again, counted[0])
    assert again(queries, corpus, tmp_path) == 2
    assert len(list(tmp_path.iterdir())) == 1
    assert again(queries, corpus, tmp_path) == 0
    assert again(queries[::-1], corpus, tmp_path) == 2
    assert again(queries, corpus, tmp_path, k=5) == 2
    assert again(queries, corpus, tmp_path, metric="dot") == 2
    other = corpus.copy()
    other[0] += 1
    assert again(queries, other, tmp_path) == 2
    assert again(queries, other, tmp_path) == 0


def damage(path: Path, how: str, other: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes({
        "torn": path.read_bytes()[:-5], "foreign": b"something else entirely", "empty": b"",
        "swapped": other.read_bytes(), "flipped": bytes(content),
    }[how])  # fmt: skip


@pytest.mark.parametrize("how", ["torn", "foreign", "swapped", "flipped", "empty"])
def test_a_damaged_product_is_made_again(tmp_path: Path, counted, pairs_kept, how):
    queries, corpus = vectors()
    again = partial(search_again, counted[0])
    again(queries, corpus, tmp_path)
    damage(min(tmp_path.iterdir()), how, max(tmp_path.iterdir()))
    assert again(queries, corpus, tmp_path) == 1
    assert again(queries, corpus, tmp_path) == 0


@pytest.mark.parametrize("how", ["torn", "foreign", "swapped", "flipped", "empty"])
def test_damaged_queries_are_made_again(tmp_path: Path, counted, how):
    queries, corpus = vectors()
    again = partial(search_again, counted[0])
    again(queries, corpus, tmp_path)
    (one,) = tmp_path.iterdir()
    again(queries, corpus, tmp_path, k=5)
    (other,) = set(tmp_path.iterdir()) - {one}
    damage(one, how, other)
    assert again(queries, corpus, tmp_path) == 2
    assert again(queries, corpus, tmp_path) == 0


def test_clearing_leaves_what_is_not_ours(tmp_path: Path):
    queries, corpus = vectors(4, 30)
    (tmp_path / "notes.txt").write_text("mine")
    grid_search(queries, corpus, 3, COSINE, engine=LocalEngine(), resume=tmp_path)
    (tmp_path / ".x-0.product.next").write_text("left half way")
    remove_products(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    remove_products(tmp_path / "nowhere")


def test_where_products_cannot_be_written(tmp_path: Path):
    queries, corpus = vectors(4, 30)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        grid_search(queries, corpus, 3, COSINE, engine=LocalEngine(), resume=tmp_path / "file")


@pytest.mark.parametrize("side", ["queries", "corpus"])
def test_a_value_that_is_not_finite_is_named_as_in_one_piece(side):
    queries, corpus = vectors()
    (queries if side == "queries" else corpus)[77, 2] = np.nan
    with pytest.raises(InputError) as alone:
        ExactSearch(corpus, COSINE).search(queries, 3)
    with pytest.raises(InputError) as cut:
        grid_search(queries, corpus, 3, COSINE, engine=LocalEngine(), query_rows=30, item_rows=50)
    assert str(cut.value) == str(alone.value)
    assert cut.value.row == alone.value.row


@pytest.mark.parametrize(
    ("queries", "corpus", "k", "message"),
    [
        ((2, 3), (5, 4), 1, "vectors of one space must have one length; expected 4, got 3"),
        ((2, 3), (5, 3), 0, "k must be at least 1; got 0"),
        ((2, 3), (5, 3), 6, "k must be at most the number of items; expected 5, got 6"),
        ((2, 0), (5, 0), 1, "vectors must have at least one value"),
        ((3,), (5, 3), 1, r"vectors must be \(rows, dim\); got \(3,\)"),
    ],
)
def test_sizes_that_do_not_fit(queries, corpus, k, message):
    with pytest.raises(InputError, match=message):
        run.grid_search(np.ones(queries), np.ones(corpus), k, COSINE, engine=LocalEngine())
