"""The kinds of evidence by which two items are told to be the same, and what a match is called."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality

if TYPE_CHECKING:
    import polars as pl
    from polars.datatypes import DataTypeClass


class Kind(StrEnum):
    """What is compared."""

    ID = "id"
    HASH = "hash"
    CONTENT = "content"
    CAPTION = "caption"
    EMBEDDING = "embedding"


class What(StrEnum):
    """What a pair of items turned out to be."""

    SAME_CLIP = "same clip"
    SAME_SOURCE = "same source"
    SAME_NAME = "same name"
    SAME_FILE = "same file"
    NEAR_COPY = "near copy"
    SAME_CAPTION = "same caption"
    NEIGHBOR = "near neighbor"


ALL_KINDS = tuple(Kind)

WEAK = frozenset({What.SAME_NAME})
"""What is a hint and no leak by itself."""


def as_kinds(names: Iterable[str]) -> tuple[Kind, ...]:
    """Return kinds by name, each once, in the usual order.

    Raises:
        UnknownName: There is no such kind.
        InputError: None is named.
    """
    wanted = set()
    for name in names:
        try:
            wanted.add(Kind(name))
        except ValueError:
            raise UnknownName("kind of leakage", name, [k.value for k in Kind]) from None
    if not wanted:
        raise InputError("nothing to compare by", expected=", ".join(Kind))
    return tuple(kind for kind in Kind if kind in wanted)


def pair_schema() -> dict[str, DataTypeClass]:
    """Return the columns in which a comparison gives its pairs, and their types.

    ``strength`` is within 0..1, 1 for what is equal; ``distance`` is in the unit of its kind: bits
    of 64 for pictures and videos, the share of wrong bits for sounds, a length for clouds, 1 -
    cosine for embeddings, null for what is equal or not.
    """
    import polars as pl

    return {
        "what": pl.String,
        "eval_modality": pl.String,
        "eval_id": pl.UInt32,
        "train_modality": pl.String,
        "train_id": pl.UInt32,
        "strength": pl.Float64,
        "distance": pl.Float64,
        "detail": pl.String,
    }


def pair_frame(
    what: What,
    modalities: tuple[Modality, Modality],
    pairs: Iterable[tuple[int, int, float, float | None, str]],
) -> pl.DataFrame:
    """Return pairs of one modality each as a table.

    Args:
        what: What they are.
        modalities: Of the evaluation items and of the training items.
        pairs: Evaluation id, training id, strength, distance, detail.
    """
    import polars as pl

    rows = [
        (what.value, modalities[0].value, first, modalities[1].value, second, *rest)
        for first, second, *rest in pairs
    ]
    return pl.DataFrame(rows, schema=pair_schema(), orient="row")


def no_pairs() -> pl.DataFrame:
    """Return a table of no pairs."""
    import polars as pl

    return pl.DataFrame(schema=pair_schema())
