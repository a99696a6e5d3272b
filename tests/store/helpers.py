"""Listings and workspaces small enough to be read by hand."""

from __future__ import annotations

from pathlib import Path

from pentad.core.modality import Modality
from pentad.store.items import Catalog, empty_catalog
from pentad.store.listing import Listing, listing_frame
from pentad.store.registry import register
from pentad.store.workspace import Workspace

Row = tuple[str, str, str | None]


def listing(root: Path, *rows: Row, name: str = "one", **facts: str) -> Listing:
    """Return a listing of (modality, file, caption); missing files are made."""
    for _, file, _ in rows:
        path = root / file
        if file and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.encode())
    columns = ("modality", "file", "caption")
    frame = listing_frame([{**dict(zip(columns, row, strict=True)), **facts} for row in rows])
    return Listing(name, root, frame)


def catalog_of(*listings: Listing) -> Catalog:
    """Register listings one after the other."""
    catalog = empty_catalog()
    for each in listings:
        catalog = register(catalog, each)
    return catalog


def files(catalog: Catalog, modality: str) -> dict[str, int]:
    """Return file -> id of what is not removed."""
    items = catalog.items(modality)
    return dict(zip(items.frame["file"], items.ids.tolist(), strict=True))


def captions(catalog: Catalog) -> dict[str, int]:
    """Return caption -> id of what is not removed."""
    texts = catalog.items(Modality.TEXT)
    return dict(zip(texts.captions, texts.ids.tolist(), strict=True))


def native(catalog: Catalog) -> set[tuple[str, str, str]]:
    """Return (modality, file, caption) of every native pair."""
    names = {number: caption for caption, number in captions(catalog).items()}
    found = set()
    for modality in (m for m in catalog.modalities if m is not Modality.TEXT):
        items = catalog.items(modality)
        paths = dict(zip(items.ids.tolist(), items.frame["file"], strict=True))
        for text, item in catalog.pairs.of(modality).tolist():
            found.add((modality.value, paths[item], names[text]))
    return found


def small_workspace(folder: Path) -> Workspace:
    """Return a workspace of two images, a sound and three captions."""
    workspace = Workspace.create(folder / "ws")
    with workspace.writing():
        workspace.add(
            listing(
                folder / "data",
                ("image", "a.png", "A cat"),
                ("image", "b.png", "A dog"),
                ("audio", "a.wav", "A cat"),
                ("text", "", "A word"),
            )
        )
    return workspace
