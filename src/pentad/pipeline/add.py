"""`add_source`: the items of a folder or table, registered in a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.modality import Modality
from pentad.sources.read import read_source
from pentad.store.workspace import Workspace


@dataclass(frozen=True)
class AddSummary:
    """What a workspace holds after a source was added.

    Attributes:
        source: Name of the source.
        items: Items by modality, over all sources.
        rejected: Rows and files of this source that were refused, by modality; "" for whole tables.
    """

    source: str
    items: Mapping[Modality, int]
    rejected: Mapping[str, int]

    def rows(self) -> list[tuple[str, int, int]]:
        """Return one row a modality: name, items, refused."""
        names = [m.value for m in Modality if self.items.get(m) or self.rejected.get(m.value)]
        rows = [(n, self.items.get(Modality(n), 0), self.rejected.get(n, 0)) for n in names]
        return [*rows, ("(no modality)", 0, self.rejected[""])] if "" in self.rejected else rows

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        items = {m.value: count for m, count in self.items.items()}
        return {"source": self.source, "items": items, "rejected": dict(self.rejected)}


def add_source(
    workspace: str | Path,
    source: str | Path,
    *,
    modality: str | None = None,
    name: str | None = None,
) -> AddSummary:
    """Register the items of a source; known ones keep their ids, missing ones are marked removed.

    Raises:
        InputError: Nothing in the source can be used.
        StoreError: There is no workspace, or another process is writing to it.
    """
    listing = read_source(source, modality=modality, name=name)
    opened = Workspace.open(workspace)
    with opened.writing():
        catalog = opened.add(listing)
    rejected: dict[str, int] = {}
    for rejection in catalog.rejections:
        if rejection.source == listing.name:
            rejected[rejection.modality] = rejected.get(rejection.modality, 0) + 1
    return AddSummary(
        listing.name, {m: len(catalog.items(m)) for m in catalog.modalities}, rejected
    )
