"""What a hit shows beside its id: the file it lies in and the captions it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality

if TYPE_CHECKING:
    import polars as pl

    from pentad.store.items import Items, Pairs


class Labels:
    """Files and captions by item id."""

    def __init__(self, modality: Modality, frame: pl.DataFrame) -> None:
        """Take a table over.

        Args:
            modality: What the items are.
            frame: ``<modality>_id``; and where known ``file`` (string) and either ``caption``
                (string) or ``captions`` (list of strings). Other columns are left alone.

        Raises:
            InputError: There is no id column.
        """
        if modality.id_column not in frame.columns:
            raise InputError(
                f"labels of {modality} need a column {modality.id_column!r}", seen=frame.columns
            )
        self._frame = frame.sort(modality.id_column)
        self._ids: NDArray[Any] = self._frame[modality.id_column].to_numpy()

    def of(self, item_id: int) -> tuple[str | None, tuple[str, ...] | None]:
        """Return file and captions of one item; None for what is not known."""
        row = int(np.searchsorted(self._ids, item_id))
        if row == len(self._ids) or self._ids[row] != item_id:
            return None, None
        file = self._value("file", row)
        captions = self._value("captions", row)
        if captions is None:
            caption = self._value("caption", row)
            captions = None if caption is None else [caption]
        return file, None if captions is None else tuple(captions)

    def _value(self, column: str, row: int) -> Any:
        return self._frame[column][row] if column in self._frame.columns else None


def label_items(items: Items, texts: Items | None = None, pairs: Pairs | None = None) -> Labels:
    """Return the labels of stored items.

    Args:
        items: The items.
        texts: The caption items, for the captions of files.
        pairs: Which captions are native to which files.
    """
    if items.modality is Modality.TEXT or texts is None or pairs is None:
        return Labels(items.modality, items.frame)
    import polars as pl

    names = ["text_id", items.modality.id_column]
    native = pl.DataFrame(pairs.of(items.modality), schema=names, orient="row")
    captions = (
        native.unique()
        .join(texts.frame.select("text_id", "caption"), on="text_id")
        .sort("text_id")
        .group_by(items.modality.id_column, maintain_order=True)
        .agg(pl.col("caption").alias("captions"))
    )
    frame = items.frame.join(captions, on=items.modality.id_column, how="left")
    return Labels(items.modality, frame)


def texts_among(items: Sequence[Items]) -> Items | None:
    """Return the caption items of a list, or None."""
    return next((part for part in items if part.modality is Modality.TEXT), None)
