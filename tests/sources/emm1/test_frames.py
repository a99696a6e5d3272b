"""Groups as a lazy frame: only what a query needs is made, as often as it is asked."""

from __future__ import annotations

import polars as pl
import pytest

from pentad.sources.emm1 import paths as path_module
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import Tree, make_emm1, write_pointer


@pytest.fixture
def tree(tmp_path) -> Tree:
    return make_emm1(tmp_path, captions=30, nn=3)


@pytest.fixture
def lazy(tree) -> pl.LazyFrame:
    return open_emm1(tree.root).groups([2, 1], paths=True)


@pytest.fixture
def whole(tree) -> pl.DataFrame:
    return tree.expected_groups([2, 1], paths=True)


def test_it_is_collected_more_than_once(lazy, whole):
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == whole.schema
    assert lazy.collect().equals(whole)
    assert lazy.collect().equals(whole)
    assert lazy.collect(engine="streaming").equals(whole)


@pytest.mark.parametrize(
    "query",
    [
        lambda f: f.select("caption"),
        lambda f: f.select("points_path", "encord_text_id"),
        lambda f: f.select(pl.len()),
        lambda f: f.head(3),
        lambda f: f.head(0),
        lambda f: f.tail(3),
        lambda f: f.slice(25, 10),
        lambda f: f.head(45).tail(20),
        lambda f: f.limit(31),
        lambda f: f.filter(pl.col("nn_index") == 1),
        lambda f: f.filter(pl.col("encord_image_id") > 4).select("caption"),
        lambda f: f.filter(pl.col("encord_image_id") > 4).head(3),
        lambda f: f.head(9).filter(pl.col("encord_image_id") > 4),
        lambda f: f.head(9).filter(pl.col("encord_image_id") > 4).select("audio_path"),
        lambda f: f.filter(pl.col("caption").str.contains("a")).select(pl.len()),
        lambda f: f.filter(pl.lit(value=False)),
        lambda f: f.group_by("nn_index", maintain_order=True).len(),
        lambda f: f.with_columns(more=pl.col("nn_index") + 1).select("more"),
        lambda f: f.sort("encord_image_id", "encord_text_id", "nn_index").head(4),
        lambda f: f.unique("encord_text_id", maintain_order=True),
        lambda f: pl.concat([f, f]).select("encord_text_id"),
        lambda f: f.join(f.head(3), on="encord_text_id", maintain_order="left").select("caption"),
        lambda f: f.drop("caption"),
        lambda f: f.rename({"caption": "text"}).select("text"),
    ],
)
def test_queries_give_what_they_give_on_the_whole_table(query, lazy, whole):
    assert query(lazy).collect().equals(query(whole.lazy()).collect())


@pytest.mark.parametrize("rows", [1, 7, 30])
def test_blocks_do_not_matter(rows, tree, whole, monkeypatch):
    from pentad.sources.emm1 import dataset

    real = dataset.stream_groups
    monkeypatch.setattr(dataset, "stream_groups", lambda *a: real(*a, rows=rows))
    lazy = open_emm1(tree.root).groups([2, 1], paths=True)
    assert lazy.collect().equals(whole)
    assert lazy.slice(rows - 1, 9).collect().equals(whole.slice(rows - 1, 9))
    assert lazy.head(9).filter(pl.col("nn_index") == 2).collect().height == 9


def test_columns_that_nobody_asks_for_are_not_made(lazy, tree, whole):
    for name in ("infos/text.csv", "infos/image.csv", "infos/video.csv"):
        write_pointer(tree.path("100m", name))
    got = lazy.select("audio_path", "encord_text_id").collect()
    assert got.equals(whole.select("audio_path", "encord_text_id"))


def test_it_is_written_without_being_collected(lazy, whole, tmp_path):
    lazy.sink_parquet(tmp_path / "groups.parquet")
    lazy.sink_csv(tmp_path / "groups.csv")
    assert pl.read_parquet(tmp_path / "groups.parquet").equals(whole)
    assert len((tmp_path / "groups.csv").read_bytes()) > 100


def test_an_error_comes_as_it_is(lazy, tree):
    from pentad.core.errors import InputError

    path = tree.path("100m", "nn_1/data_groups.csv")
    path.write_text(path.read_text() + "x,1,1,1,1,1\n")
    with pytest.raises(InputError, match=r"data_groups.csv:32 \[encord_text_id\]: not an id"):
        lazy.collect()


def test_paths_as_plain_strings_are_the_same(lazy, whole, monkeypatch):
    monkeypatch.setattr(path_module, "FEW_ITEMS", 0)
    assert lazy.collect().equals(whole)
