"""Triplets: columns, codes, counts, settling, files."""

import polars as pl
import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.core.rating import Rating
from pentad.ratings.triplets import Triplets, merge_ratings

PUBLISHED = {
    "encord_text_id": [7, 7, 1, 1],
    "caption": ["seven", "seven", "one", "one"],
    "paired_modality": ["image", "image", "audio", "audio"],
    "annotated_modality": ["points", "points", "image", "points"],
    "encord_paired_id": [3, 3, 4, 4],
    "encord_annotated_id": [10, 11, 2**33, 12],
    "annotation": [1, 3, 2, 1],
}


@pytest.fixture
def triplets():
    return Triplets.from_frame(pl.DataFrame(PUBLISHED), manifest={"namespace": "emm1-1m"})


def test_published_columns_become_ours_and_codes_become_grades(triplets):
    assert triplets.frame().to_dict(as_series=False) == {
        "text_id": [7, 7, 1, 1],
        "paired_modality": ["image", "image", "audio", "audio"],
        "paired_id": [3, 3, 4, 4],
        "rated_modality": ["points", "points", "image", "points"],
        "rated_id": [10, 11, 2**33, 12],
        "rating": [Rating.GOOD, Rating.BAD, Rating.PARTIAL, Rating.GOOD],
    }
    assert triplets.manifest == {"kind": "triplets", "namespace": "emm1-1m"}
    assert len(triplets) == 4


@pytest.mark.parametrize("ratings", [[2, 0, 1, 2], ["GOOD", "bad", "Partial", "GOOD"]])
def test_our_columns_say_the_same_by_grade_or_by_name(triplets, ratings):
    ours = triplets.frame().with_columns(pl.Series("rating", ratings))
    assert Triplets.from_frame(ours.lazy()).frame().equals(triplets.frame())


def test_counts_are_by_pair_of_modalities(triplets):
    assert triplets.counts().rows() == [
        ("audio", "image", 0, 1, 0, 1),
        ("audio", "points", 1, 0, 0, 1),
        ("image", "points", 1, 0, 1, 2),
    ]


def test_parts_by_pair_hold_every_row_once(triplets):
    parts = triplets.by_pair()
    assert list(parts) == [("audio", "image"), ("audio", "points"), ("image", "points")]
    assert parts["image", "points"].frame().equals(triplets.frame().head(2))
    assert sum(map(len, parts.values())) == len(triplets)


def rated(*grades):
    table = pl.DataFrame({"text_id": [0] * len(grades), "rating": grades})
    merged, disagreements = merge_ratings(table, ("text_id",))
    return merged["rating"].to_list(), disagreements


@pytest.mark.parametrize(
    ("grades", "settled"),
    [
        ((2,), 2),
        ((2, 2, 0), 2),
        ((2, 0), 0),
        ((2, 1), 1),
        ((1, 0), 0),
        ((2, 1, 0), 0),
        ((2, 2, 1, 1, 0), 1),
        ((1, 1, 0), 1),
    ],
)
def test_the_majority_counts_and_the_lower_on_a_tie(grades, settled):
    assert rated(*grades) == ([settled], int(len(set(grades)) > 1))


def test_rows_are_kept_until_they_are_merged(triplets):
    again = pl.concat(
        [triplets.frame(), triplets.frame().head(2).with_columns(rating=pl.lit(2, pl.UInt8))]
    )
    several = Triplets.from_frame(again)
    assert len(several) == 6
    merged = several.merged()
    assert merged.frame().equals(triplets.frame())
    assert merged.frame().schema == triplets.frame().schema
    assert merged.manifest["merged"] == {"rows": 6, "disagreements": 1}
    assert "merged" not in several.manifest


def test_save_then_load_is_identity_and_the_same_bytes(triplets, tmp_path):
    for name in ("a", "b"):
        triplets.save(tmp_path / name)
    loaded = Triplets.load(tmp_path / "a")
    assert loaded.frame().equals(triplets.frame())
    assert loaded.manifest == triplets.manifest
    for name in ("triplets.parquet", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    (tmp_path / "a/triplets.parquet").unlink()
    with pytest.raises(StoreError, match="no complete triplets"):
        Triplets.load(tmp_path / "a")


def test_no_rows_will_do():
    empty = Triplets.from_frame(pl.DataFrame(PUBLISHED).head(0))
    assert len(empty.merged()) == len(empty.counts()) == len(empty.by_pair()) == 0


def refused(**changes):
    columns = {**PUBLISHED, **changes}
    Triplets.from_frame(pl.DataFrame({n: v for n, v in columns.items() if v is not None}))


def test_what_is_no_table_of_triplets_is_refused():
    with pytest.raises(InputError, match=r"'annotation': not a rating; expected 1 Good.* got 4"):
        refused(annotation=[1, 2, 4, 3])
    with pytest.raises(InputError, match="expected BAD, PARTIAL, GOOD, got FINE"):
        refused(annotation=["good", "fine", "bad", "bad"])
    with pytest.raises(InputError, match="'rating': 1 rows have none"):
        refused(annotation=[1, None, 2, 3])
    with pytest.raises(UnknownName, match="did you mean 'audio'"):
        refused(paired_modality=["image", "image", "audios", "audio"])
    with pytest.raises(
        InputError, match="'rated_modality': a triplet joins its caption with media"
    ):
        refused(annotated_modality=["points", "points", "image", "text"])
    with pytest.raises(InputError, match="lacks columns"):
        refused(encord_paired_id=None)
