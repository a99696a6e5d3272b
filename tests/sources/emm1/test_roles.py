"""Copies of mid-October 2025 have paired and annotated under each other's names."""

from __future__ import annotations

import polars as pl
import pytest

from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.roles import are_exchanged, exchange, exchanged_share
from tests.emm1_trees import Tree, exchange_roles, make_emm1, write_frame, write_pointer


@pytest.fixture
def tree(tmp_path) -> Tree:
    return make_emm1(tmp_path, captions=14, triplets=60)


def triplets(tree: Tree, **options) -> pl.DataFrame:
    return open_emm1(tree.root).triplets(**options).collect()


def test_right_roles_are_left_alone_without_a_word(tree, caplog):
    assert triplets(tree).equals(tree.triplets)
    assert caplog.text == ""


def test_exchanged_roles_are_told_and_rows_stay_as_stored(tree, caplog):
    right = tree.triplets
    exchange_roles(tree)
    assert triplets(tree).equals(tree.triplets)
    assert not tree.triplets.equals(right)
    assert "--fix-roles" in caplog.text
    assert "triplets.csv" in caplog.text
    assert "100 %" in caplog.text


def test_they_are_put_right_on_request(tree, caplog):
    right = tree.triplets
    exchange_roles(tree)
    assert triplets(tree, fix_roles=True).equals(right)
    assert caplog.text == ""


def test_paths_follow_the_roles(tree):
    paths = triplets(tree, paths=True)
    exchange_roles(tree)
    assert triplets(tree, paths=True, fix_roles=True).equals(paths)
    stored = triplets(tree, paths=True)
    assert stored["paired_path"].equals(paths["annotated_path"].alias("paired_path"))


def test_nothing_to_fix_is_said(tree, caplog):
    assert triplets(tree, fix_roles=True).equals(tree.triplets)
    assert "the roles are as they should be; nothing is changed" in caplog.text


@pytest.mark.parametrize("exchanged", [True, False])
def test_without_infos_the_clouds_tell(exchanged, tree, caplog):
    """Captions of clouds were never rated: where points are paired, the roles are exchanged."""
    if exchanged:
        exchange_roles(tree)
    for modality in ("text", "image", "audio", "video", "points"):
        write_pointer(tree.path("1m", f"infos/{modality}.csv"))
    triplets(tree)
    assert ("--fix-roles" in caplog.text) == exchanged


def test_where_nothing_tells_nothing_is_said(tree, caplog):
    for modality in ("text", "image"):
        tree.path("1m", f"infos/{modality}.csv").unlink()
    pair = pl.concat_str("paired_modality", "annotated_modality").is_in(
        ["imageaudio", "audioimage"]
    )
    write_frame(tree.path("1m", "triplets.csv"), tree.triplets.filter(pair))
    triplets(tree)
    assert caplog.text == ""
    triplets(tree, fix_roles=True)
    assert "the roles cannot be told from the tables; nothing is changed" in caplog.text


def test_a_few_odd_rows_do_not_decide(tree, caplog):
    frame = pl.concat([exchange(tree.triplets.head(5)), tree.triplets.tail(55)])
    write_frame(tree.path("1m", "triplets.csv"), frame)
    assert triplets(tree).equals(frame)
    assert caplog.text == ""


def test_the_share_counts_only_rows_that_tell():
    rows = pl.DataFrame(
        {
            "encord_text_id": [1, 2, 3, 4],
            "paired_modality": ["image", "audio", "audio", "image"],
            "annotated_modality": ["audio", "image", "points", "points"],
            "encord_paired_id": [1, 2, 3, 4],
            "encord_annotated_id": [5, 6, 7, 8],
        }
    )
    sources = pl.DataFrame(
        {"encord_text_id": [1, 2, 3], "source_dataset": ["COCO", "COCO", "unknown"]}
    )
    assert exchanged_share(rows, sources, {"COCO": "image"}) == 0.5
    assert exchanged_share(rows, sources, {}) == 0.0
    assert exchanged_share(rows.head(2), None, {"COCO": "image"}) is None
    assert not are_exchanged(0.5)
    assert not are_exchanged(None)
    assert are_exchanged(0.51)


def test_exchanging_twice_is_nothing(tree):
    assert exchange(exchange(tree.triplets)).equals(tree.triplets)
    assert exchange(tree.triplets).columns == tree.triplets.columns
