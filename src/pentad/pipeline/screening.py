"""`screen`: what each source of a workspace has kept and refused, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.modality import Modality
from pentad.pipeline.frame_rates import FrameRate, read_rates
from pentad.store.items import Catalog
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

_UNUSABLE = frozenset({"decode", "encode"})
"""Stages that refuse files which are items: they stay in the tables, and have no vector."""


@dataclass(frozen=True)
class Screened:
    """One modality of one source.

    Attributes:
        source: Name of the source.
        modality: Name of the modality; empty for rows whose modality is not known.
        kept: Items that no stage has refused.
        refused: Reason -> rows and files that were refused for it.
        variable: Of the kept videos, those whose frame rate varies; None for other modalities.
        unprobed: Of the kept videos, those whose frame rate nobody has looked at; None likewise.
    """

    source: str
    modality: str
    kept: int
    refused: Mapping[str, int]
    variable: int | None = None
    unprobed: int | None = None

    def rows(self) -> list[tuple[str, str, str, int]]:
        """Return source, modality, what happened and how often: kept first, then each reason."""
        found = [("kept", self.kept), *self.refused.items()]
        if self.variable:
            found.insert(1, ("kept, variable frame rate", self.variable))
        if self.unprobed:
            found.insert(1, ("kept, frame rate not probed", self.unprobed))
        return [(self.source, self.modality or "(none)", what, count) for what, count in found]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        plain: dict[str, Any] = {
            "source": self.source,
            "modality": self.modality or None,
            "kept": self.kept,
            "refused": dict(self.refused),
        }
        if self.variable is not None:
            plain |= {"variable_frame_rate": self.variable, "unprobed": self.unprobed}
        return plain


def screen(workspace: str | Path) -> list[Screened]:
    """Return what was kept and refused, by source in the order of adding, then by modality.

    Raises:
        StoreError: There is no workspace, or it is damaged.
    """
    opened = Workspace.open(workspace)
    items = _by_source(opened.catalog())
    told: dict[tuple[str, str], list[Rejection]] = {}
    for rejection in opened.rejections():
        told.setdefault((rejection.source, rejection.modality), []).append(rejection)
    rates = read_rates(opened.root)
    sources = dict.fromkeys([*opened.roots, *(source for source, _ in (*items, *told))])
    kinds = [*(m.value for m in Modality), ""]
    return [
        _screened(source, kind, items.get((source, kind)), told.get((source, kind), ()), rates)
        for source in sources
        for kind in kinds
        if (source, kind) in items or (source, kind) in told
    ]


def _by_source(catalog: Catalog) -> dict[tuple[str, str], pl.DataFrame]:
    """Return (source, modality) -> its items."""
    return {
        (str(source), modality.value): frame
        for modality in catalog.modalities
        for (source,), frame in catalog.items(modality)
        .frame.partition_by("source", as_dict=True, maintain_order=True)
        .items()
    }


def _screened(
    source: str,
    modality: str,
    items: pl.DataFrame | None,
    refused: Sequence[Rejection],
    rates: Mapping[str, FrameRate],
) -> Screened:
    reasons = Counter(r.reason.value for r in {_once(r): r for r in refused}.values())
    ranked = dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0])))
    is_video = modality == Modality.VIDEO.value
    if items is None:
        return Screened(source, modality, 0, ranked, *((0, 0) if is_video else (None, None)))
    key = "caption" if modality == Modality.TEXT.value else "file"
    unusable = [r.path for r in refused if r.stage in _UNUSABLE]
    kept = items.filter(~items[key].is_in(unusable))
    if not is_video:
        return Screened(source, modality, kept.height, ranked)
    known = [rates.get(print_) for print_ in kept["fingerprint"]]
    variable = sum(rate is not None and rate.variable for rate in known)
    return Screened(source, modality, kept.height, ranked, variable, known.count(None))


def _once(rejection: Rejection) -> tuple[object, ...]:
    """Return what two encoders that refuse one file for one reason share."""
    return rejection.path, rejection.row, rejection.column, rejection.reason
