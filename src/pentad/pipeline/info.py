"""`describe`: what is in a workspace, as plain values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from pentad.core.modality import Modality
from pentad.groups.groups import Groups
from pentad.pipeline.models import model_names
from pentad.store.generated import count_generated
from pentad.store.records import read_record
from pentad.store.workspace import Workspace


def describe(workspace: str | Path) -> dict[str, Any]:
    """Return counts of items, licences, embeddings, groups, ratings, models and rejections.

    Raises:
        StoreError: There is no workspace, or it is damaged.
    """
    opened = Workspace.open(workspace)
    catalog = opened.catalog()
    rejections = opened.rejections()
    return {
        "workspace": str(opened.root),
        "name": opened.name,
        "sources": {name: str(root) for name, root in opened.roots.items()},
        "items": {m.value: len(catalog.items(m)) for m in catalog.modalities},
        "pairs": catalog.pairs.frame.height,
        "generated": count_generated(catalog),
        "licenses": {
            m.value: dict(_counts(catalog.items(m).frame["dataset_license"].to_list()))
            for m in catalog.modalities
            if m is not Modality.TEXT
        },
        "embeddings": sorted(
            f"{path.parent.name}/{path.name}"
            for path in opened.root.glob("embeddings/*/*")
            if path.is_dir()
        ),
        "groups": _groups(opened),
        "published_groups": _published_groups(opened),
        "ratings": _ratings(opened),
        "models": model_names(opened),
        "rejected": dict(_counts([r.reason.value for r in rejections])),
    }


def _counts(values: list[str | None]) -> list[tuple[str, int]]:
    return sorted(Counter(v or "(not said)" for v in values).items(), key=lambda e: (-e[1], e[0]))


def _groups(opened: Workspace) -> dict[str, Any] | None:
    folder = opened.root / "groups" / "default"
    if not (folder / "manifest.json").exists():
        return None
    groups = Groups.load(folder)
    return {"groups": len(groups), "k": groups.k, "modalities": list(groups.manifest["modalities"])}


def _published_groups(opened: Workspace) -> dict[str, int]:
    """Return folder -> groups of those that were not built here."""
    found = {}
    for path in sorted(opened.root.glob("groups/*/manifest.json")):
        record = read_record(path)
        if record is not None and "published" in record.fields:
            found[path.parent.name] = int(record.fields["counts"]["groups"])
    return found


def _ratings(opened: Workspace) -> dict[str, int]:
    """Return folder -> triplets."""
    import polars as pl

    found = {}
    for path in sorted(opened.root.glob("ratings/*/manifest.json")):
        record = read_record(path)
        if record is not None and record.intact() and record.fields.get("kind") == "triplets":
            table = pl.scan_parquet(path.parent / "triplets.parquet")
            found[path.parent.name] = int(table.select(pl.len()).collect().item())
    return found
