"""Triplets from a table: our own columns, or the published ones of E-MM1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, as_modality
from pentad.core.rating import Rating
from pentad.groups.from_frame import as_ids, column_names, require_present

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("text_id", "paired_modality", "paired_id", "rated_modality", "rated_id", "rating")
_OWN = {name: name for name in COLUMNS}
_PUBLISHED = {
    "text_id": "encord_text_id",
    "paired_modality": "paired_modality",
    "paired_id": "encord_paired_id",
    "rated_modality": "annotated_modality",
    "rated_id": "encord_annotated_id",
    "rating": "annotation",
}
_BY_CODE = {rating.code: rating.value for rating in Rating}
_BY_GRADE = {rating.value: rating.value for rating in Rating}
_BY_NAME = {rating.name: rating.value for rating in Rating}


def triplets_table(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return the table of `Triplets.from_frame`, which says what may be given."""
    import polars as pl

    lazy = frame.lazy()
    names = column_names(lazy.collect_schema().names(), (_OWN, _PUBLISHED), COLUMNS, "triplets")
    table = lazy.select(pl.col(theirs).alias(ours) for ours, theirs in names.items()).collect()
    require_present(table, COLUMNS)
    coded = names["rating"] == _PUBLISHED["rating"]
    columns = {
        "text_id": as_ids(table["text_id"]),
        "paired_modality": _modalities(table["paired_modality"]),
        "paired_id": as_ids(table["paired_id"]),
        "rated_modality": _modalities(table["rated_modality"]),
        "rated_id": as_ids(table["rated_id"]),
        "rating": _grades(table["rating"], names["rating"], coded),
    }
    return pl.DataFrame(columns)


def _modalities(column: pl.Series) -> pl.Series:
    import polars as pl

    for name in column.unique().sort():
        if as_modality(str(name)) not in MEDIA_MODALITIES:
            raise InputError(
                "a triplet joins its caption with media",
                column=column.name,
                expected=", ".join(MEDIA_MODALITIES),
                seen=name,
            )
    return column.cast(pl.String)


def _grades(column: pl.Series, name: str, coded: bool) -> pl.Series:
    """Return u8 grades for codes, for grades, or for names of ratings."""
    import polars as pl

    if column.dtype.is_integer():
        known: dict[int, int] | dict[str, int] = _BY_CODE if coded else _BY_GRADE
        expected = "1 Good, 2 Partial, 3 Bad" if coded else "2 GOOD, 1 PARTIAL, 0 BAD"
    else:
        column, known = column.cast(pl.String).str.to_uppercase(), _BY_NAME
        expected = ", ".join(_BY_NAME)
    wrong = column.filter(~column.is_in(list(known)))
    if len(wrong):
        raise InputError("not a rating", column=name, expected=expected, seen=wrong[0])
    return column.replace_strict(known, return_dtype=pl.UInt8)
