"""Which rows are published: judged batch by batch, every row that is left out counted once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.publish.bundle import ANNOTATED, PAIRED, TRIPLETS, Bundle, Captions
from pentad.publish.info_table import CAPTION, KEPT, NO_FILE, REFUSED, UNKNOWN_ID, InfoTable

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

ROW = "row"
_WHY = {UNKNOWN_ID: "unknown id", REFUSED: "license", NO_FILE: "missing file"}
_TEXT = "text"
NO_CAPTION = 0xFFFF_FFFF
_STATES = NO_FILE - UNKNOWN_ID + 1

Rows = NDArray[np.int32]
Tables = Mapping[Modality, InfoTable]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Rows of one batch that are published.

    Attributes:
        frame: `ROW` (place in the table, from 0) and the columns of the table.
        places: Role -> row of its item in the info table. Roles are ``text`` and the modalities,
            or ``text``, ``paired`` and ``annotated``.
        dropped: Reason -> rows of the batch that were left out for it.
    """

    frame: pl.DataFrame
    places: Mapping[str, Rows]
    dropped: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.frame)

    def part(self, start: int, length: int) -> Chosen:
        """Return a run of the rows, without what was dropped."""
        places = {role: rows[start : start + length] for role, rows in self.places.items()}
        return Chosen(self.frame.slice(start, length), places, {})

    def only(self, kept: NDArray[np.bool_]) -> Chosen:
        """Return the rows that are marked."""
        if kept.all():
            return self
        import polars as pl

        places = {role: rows[kept] for role, rows in self.places.items()}
        return Chosen(self.frame.filter(pl.Series(kept)), places, self.dropped)

    def modality_masks(self, role: str) -> Iterator[tuple[Modality, NDArray[np.bool_]]]:
        """Yield each modality that a role has, and in which rows."""
        if role not in (PAIRED, ANNOTATED):
            yield Modality(role), np.ones(len(self), dtype=bool)
            return
        names = self.frame[f"{role}_modality"]
        for modality in MEDIA_MODALITIES:
            mask = (names == modality.value).fill_null(False).to_numpy()
            if mask.any():
                yield modality, mask


@dataclass(frozen=True, eq=False)
class Selection:
    """Goes through the tables of a bundle.

    Attributes:
        bundle: Where rows come from.
        tables: Items by modality, text included, with their state.
        limit: How many rows of each table are published at most.
        keep_unknown: Whether rows may name items that no info table lists.
    """

    bundle: Bundle
    tables: Tables
    limit: int | None = None
    keep_unknown: bool = False

    def of(self, table: str) -> Iterator[Chosen]:
        """Yield the chosen rows of a table named as in `Bundle.tables`, batch by batch."""
        left = self.limit
        start = 0
        for batch in self._batches(table):
            judged = self._judge(table, batch.with_row_index(ROW, offset=start), left)
            start += len(batch)
            if left is not None:
                left -= len(judged)
            yield judged
            if left == 0:
                return

    def mark(self, chosen: Chosen) -> None:
        """Remember the items of rows that were published."""
        for role, rows in chosen.places.items():
            for modality, mask in chosen.modality_masks(role):
                self.tables[modality].mark(rows[mask])

    def column(self, chosen: Chosen, role: str, name: str) -> pa.Array:
        """Return a column of the items that a role has in the rows; labels may be a dictionary."""
        if name == CAPTION:
            return self._caption(chosen)
        rows = chosen.places[role]
        if role not in (PAIRED, ANNOTATED):
            return self.tables[Modality(role)].take(name, rows)
        import pyarrow as pa

        parts = [pa.array([None], pa.large_string())]
        place = np.zeros(len(rows), dtype=np.int64)
        for modality, mask in chosen.modality_masks(role):
            before = sum(map(len, parts))
            parts.append(self.tables[modality].take(name, rows[mask]).cast(pa.large_string()))
            place[mask] = before + np.arange(len(parts[-1]))
        return pa.concat_arrays(parts).take(pa.array(place))

    def _caption(self, chosen: Chosen) -> pa.Array:
        import polars as pl

        ids = chosen.frame[self.bundle.id_name(_TEXT)].cast(pl.UInt32).fill_null(NO_CAPTION)
        return self._captions.take(ids.to_numpy())

    @cached_property
    def _captions(self) -> Captions:
        return self.bundle.captions()

    def _batches(self, table: str) -> Iterator[pl.DataFrame]:
        bundle = self.bundle
        if table == TRIPLETS and bundle.triplets is not None:
            return bundle.triplets()
        if bundle.groups is None:
            raise ValueError(f"there is no table {table}")
        return bundle.groups(int(table.removeprefix("nn_")))

    def _judge(self, table: str, frame: pl.DataFrame, left: int | None) -> Chosen:
        places = self._triplet_places(frame) if table == TRIPLETS else self._group_places(frame)
        whole = Chosen(frame, places, {})
        reasons = self._reasons(whole)
        kept = reasons == 0
        if left is not None and kept.sum() > left:
            end = int(np.flatnonzero(kept)[left]) if left else 0
            whole, reasons, kept = whole.part(0, end), reasons[:end], kept[:end]
        dropped = _named(reasons[~kept], list(places))
        return Chosen(whole.frame, whole.places, dropped).only(kept)

    def _group_places(self, frame: pl.DataFrame) -> dict[str, Rows]:
        roles = (Modality.TEXT, *self.bundle.modalities)
        names = {role: self.bundle.id_name(role) for role in roles}
        return {role.value: self.tables[role].rows(frame[names[role]]) for role in roles}

    def _triplet_places(self, frame: pl.DataFrame) -> dict[str, Rows]:
        texts = self.tables[Modality.TEXT].rows(frame[self.bundle.id_name(_TEXT)])
        places = {_TEXT: texts}
        for role in (PAIRED, ANNOTATED):
            ids, names = frame[self.bundle.id_name(role)], frame[f"{role}_modality"]
            rows = np.full(len(frame), UNKNOWN_ID, dtype=np.int32)
            for modality in self.bundle.modalities:
                mask = (names == modality.value).fill_null(False).to_numpy()
                rows[mask] = self.tables[modality].rows(ids.filter(mask))
            places[role] = rows
        return places

    def _reasons(self, chosen: Chosen) -> NDArray[np.int16]:
        """Return for each row 0, or a number for `_named` that says why it is left out."""
        reasons = np.zeros(len(chosen), dtype=np.int16)
        for number, (role, rows) in enumerate(chosen.places.items()):
            states = np.where(rows == UNKNOWN_ID, UNKNOWN_ID, KEPT).astype(np.int16)
            for modality, mask in chosen.modality_masks(role):
                if modality in self.tables:
                    states[mask] = self.tables[modality].states(rows[mask])
            if self.keep_unknown:
                states[states == UNKNOWN_ID] = KEPT
            first = (reasons == 0) & (states != KEPT)
            reasons[first] = _STATES * number + states[first] - UNKNOWN_ID + 1
        return reasons


def _named(reasons: NDArray[np.int16], roles: list[str]) -> dict[str, int]:
    """Return how often each reason occurs, such as ``license: image``."""
    numbers, counts = np.unique(reasons, return_counts=True)
    named: dict[str, int] = {}
    for number, count in zip((numbers - 1).tolist(), counts.tolist(), strict=True):
        role, state = divmod(number, _STATES)
        named[f"{_WHY[state + UNKNOWN_ID]}: {roles[role]}"] = count
    return dict(sorted(named.items()))
