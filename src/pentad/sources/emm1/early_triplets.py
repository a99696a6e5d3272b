"""``triplets.csv`` under the header that the data set had before it was published.

    encord_text_id, modality_1, modality_2, annotated_modality, <ids>, annotation

``annotated_modality`` may be missing and is modality_2 then; where it is there, it may be either.
The ids are two columns, ``encord_modality_1_id`` and ``encord_modality_2_id``, or one column a
modality (``encord_image_id`` ..) of which a row fills those two that it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES
from pentad.sources.emm1.csv_table import read_table

if TYPE_CHECKING:
    import polars as pl

_MODALITIES = ("modality_1", "modality_2")
_RATED = "annotated_modality"
_PLACES = ("encord_modality_{}_id", "encord_id_{}")


def is_early(names: Sequence[str]) -> bool:
    """Return whether a header is the early one."""
    return set(_MODALITIES) <= set(names) and "paired_modality" not in names


def read_early(path: Path, names: Sequence[str]) -> pl.DataFrame:
    """Read a table with the early header; its columns get their final names and meaning.

    Returns:
        Ids u32, everything else strings; ``annotation`` as it stands in the table.

    Raises:
        InputError: A column is missing, a row does not fit, or ``annotated_modality`` is neither.
    """
    import polars as pl

    places = _id_columns(path, names)
    rated = [_RATED] if _RATED in names else []
    ids = dict.fromkeys(("encord_text_id", *places), "id")
    kinds = {**ids, **dict.fromkeys((*_MODALITIES, *rated, "annotation"), "text")}
    raw: Any = pl.from_arrow(read_table(path, kinds))
    second = pl.col("modality_2") if not rated else pl.col(_RATED)
    _check_rated(path, raw, bool(rated))
    exchanged = second == pl.col("modality_1")
    one, two = (_id_of(number, places) for number in (1, 2))
    return raw.select(  # type: ignore[no-any-return]
        "encord_text_id",
        _either(exchanged, "modality_2", "modality_1").alias("paired_modality"),
        _either(exchanged, "modality_1", "modality_2").alias("annotated_modality"),
        pl.when(exchanged).then(two).otherwise(one).alias("encord_paired_id"),
        pl.when(exchanged).then(one).otherwise(two).alias("encord_annotated_id"),
        "annotation",
    )


def _id_columns(path: Path, names: Sequence[str]) -> list[str]:
    for place in _PLACES:
        if {place.format(1), place.format(2)} <= set(names):
            return [place.format(1), place.format(2)]
    wide = [name for m in MEDIA_MODALITIES if (name := f"encord_{m}_id") in names]
    if not wide:
        raise InputError(
            "this column is missing", file=path, column=_PLACES[0].format(1),
            seen=f"columns {', '.join(names)}",
        )  # fmt: skip
    return wide


def _id_of(number: int, places: Sequence[str]) -> pl.Expr:
    """Return the id of item 1 or 2: of its own column, or of the column of its modality."""
    import polars as pl

    own = [place.format(number) for place in _PLACES if place.format(number) in places]
    if own:
        return pl.col(own[0])
    modality = pl.col(_MODALITIES[number - 1])
    found = [pl.when(modality == name[len("encord_") : -3]).then(pl.col(name)) for name in places]
    return pl.coalesce(found)


def _either(condition: pl.Expr, first: str, second: str) -> pl.Expr:
    import polars as pl

    return pl.when(condition).then(pl.col(first)).otherwise(pl.col(second))


def _check_rated(path: Path, raw: pl.DataFrame, there: bool) -> None:
    if not there:
        return
    neither = (raw[_RATED] != raw["modality_1"]) & (raw[_RATED] != raw["modality_2"])
    if neither.any():
        row = neither.arg_max() or 0
        raise InputError(
            f"data row {row + 1} rates neither of its modalities", file=path, column=_RATED,
            expected=f"{raw['modality_1'][row]} or {raw['modality_2'][row]}",
            seen=repr(raw[_RATED][row]),
        )  # fmt: skip
