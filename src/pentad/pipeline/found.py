"""What a search for neighbors found, as rows for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.neighbors.neighbors import Neighbors
from pentad.store.items import Catalog


def describe_neighbors(found: Sequence[Neighbors], catalog: Catalog) -> list[dict[str, Any]]:
    """Return one row a modality: sizes, how they were found, how unevenly items are found.

    Hubs are named by their files.
    """
    return [_row(n, catalog) for n in found]


def stored_neighbors(folder: Path) -> dict[Modality, Neighbors]:
    """Return the neighbors of each modality that has some in a folder."""
    there = [m for m in MEDIA_MODALITIES if (folder / f"{m}.json").exists()]
    return {m: Neighbors.load(folder, m) for m in there}


def _row(neighbors: Neighbors, catalog: Catalog) -> dict[str, Any]:
    files = _Files(catalog, neighbors.modality)
    how = dict(neighbors.how)
    reports: dict[str, Any] = {
        name: files.named(how.pop(name)) for name in ("hubs", "hubs_before") if name in how
    }
    return {
        "modality": neighbors.modality.value,
        "captions": len(neighbors),
        "items": neighbors.corpus_size,
        "k": neighbors.columns,
        "space": neighbors.space,
        "how": how,
        **reports,
    }


class _Files:
    """Files of one modality by item id."""

    def __init__(self, catalog: Catalog, modality: Modality) -> None:
        items = catalog.items(modality)
        self._of = dict(zip(items.ids.tolist(), items.frame["file"].to_list(), strict=True))

    def named(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Return a report on hubs whose items have their file beside the id."""
        top = [{**item, "file": self._of.get(item["id"])} for item in report["top"]]
        return {**report, "top": top}
