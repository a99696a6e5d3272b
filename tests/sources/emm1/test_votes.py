"""Repeated ratings of one triplet become one row."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.votes import vote
from tests.emm1_trees import make_emm1

SCHEMA = {
    "encord_text_id": pl.UInt32, "paired_modality": pl.String, "annotated_modality": pl.String,
    "encord_paired_id": pl.UInt32, "encord_annotated_id": pl.UInt32, "annotation": pl.UInt8,
}  # fmt: skip


def table(*rows: tuple[int, int]) -> pl.DataFrame:
    """Return triplets from (which, annotation)."""
    full = [(which, "audio", "points", which, 2 * which, code) for which, code in rows]
    return pl.DataFrame(full, schema=SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("codes", "settled"),
    [
        ([1], 1),
        ([1, 1], 1),
        ([1, 2, 1], 1),
        ([3, 1, 1], 1),
        ([1, 3], 3),
        ([2, 1], 2),
        ([1, 2, 3], 3),
        ([1, 1, 2, 2, 3], 2),
    ],
)
def test_the_majority_decides_and_between_equals_the_worse(codes, settled):
    assert vote(table(*((7, code) for code in codes))).rows() == table((7, settled)).rows()


def test_rows_keep_the_place_of_their_first():
    got = vote(table((5, 1), (2, 3), (5, 1), (9, 2), (2, 1), (2, 1)))
    assert got.rows() == table((5, 1), (2, 1), (9, 2)).rows()
    assert got.schema == pl.Schema(SCHEMA)


def test_every_part_of_a_triplet_counts():
    one = table((1, 1))
    others = [
        one.with_columns(pl.lit(8, pl.UInt32).alias(c))
        for c in ("encord_text_id", "encord_paired_id", "encord_annotated_id")
    ]
    others.append(one.with_columns(paired_modality=pl.lit("image")))
    assert vote(pl.concat([one, *others])).height == 5


def test_nothing_is_nothing():
    assert vote(table()).equals(table())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), max_size=20))
def test_it_is_a_count(rows):
    votes: dict[int, Counter[int]] = {}
    for which, code in rows:
        votes.setdefault(which, Counter())[code] += 1
    settled = [(w, max(c, key=lambda code: (c[code], code))) for w, c in votes.items()]
    assert vote(table(*rows)).rows() == table(*settled).rows()


def test_votes_come_before_a_choice_of_annotations(tmp_path):
    tree = make_emm1(tmp_path, triplets=60)
    ds = open_emm1(tmp_path)
    whole = vote(tree.triplets)
    assert whole.height < 60
    assert ds.triplets(vote=True).collect().equals(whole)
    good = ds.triplets(vote=True, annotations=["good"]).collect()
    assert good.equals(whole.filter(pl.col("annotation") == 1))
