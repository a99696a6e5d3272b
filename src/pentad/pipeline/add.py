"""`add_source`: the items of a folder, a table or another layout, registered in a workspace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.pipeline.frame_rates import probe_listing, without_variable
from pentad.sources.layouts import Layout
from pentad.sources.read import Found, check_usable, find_source, read_found
from pentad.sources.remote.at_hand import at_hand
from pentad.sources.urls import FetchOptions, fetch_table
from pentad.store.items import Catalog
from pentad.store.listing import Listing
from pentad.store.remote.addresses import is_address
from pentad.store.remote.files import same_root
from pentad.store.workspace import Workspace

VFR = "vfr"
REJECTABLE = (VFR,)
"""What `add_source` can be told to refuse: videos of a variable frame rate."""


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
    format: str | None = None,
    media_root: str | Path | None = None,
    reject: Sequence[str] = (),
    fetch: FetchOptions | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> AddSummary:
    """Register the items of a source; known ones keep their ids, missing ones are marked removed.

    The files of a table of addresses are fetched first, as far as they are not there.

    Args:
        workspace: Its folder.
        source: What to read, here or at an address such as ``s3://bucket/folder``; see
            `pentad.sources.read.read_source`.
        modality: Read this one only, or what the rows are where nothing else tells it.
        name: Name of the source; default that of its folder or file.
        format: The layout, where it is not to be told from what is there.
        media_root: Where the files lie, for layouts that list files elsewhere; where they go, for a
            table of addresses, by default ``media/<name>/`` of the workspace.
        reject: What else is refused: ``vfr``, videos of a variable frame rate.
        fetch: How files of addresses are fetched.
        workers: Processes that look at videos; default one a processor.
        progress: Where to report.

    Raises:
        InputError: Nothing in the source can be used.
        UnknownName: The modality, the format or what to reject is none.
        MissingExtra: Addresses have to be fetched and the extra ``download`` is not installed, or a
            store is to be read and the extra ``remote`` is not.
        StoreError: There is no workspace, or another process is writing to it.
    """
    _check_rejectable(reject)
    opened = Workspace.open(workspace)
    with at_hand(source, media_root, cache=opened.objects, progress=progress) as hand:
        found = find_source(hand.source, modality, name, format)
        if found.layout is Layout.URLS:
            listing = _fetched(opened, found, media_root, fetch, progress)
        else:
            hand.fetch_tars(found.layout, found.path)
            listing = hand.listing(read_found(found, hand.media_root))
    with opened.writing():
        # Probing reads the files, and those of a store are not fetched until they are embedded.
        probed = isinstance(listing.root, Path) or VFR in reject
        rates = probe_listing(opened, listing, workers=workers, progress=progress) if probed else {}
        if VFR in reject:
            listing = without_variable(listing, rates)
        catalog = opened.add(listing)
    return _summary(listing.name, catalog)


def _check_rejectable(reject: Sequence[str]) -> None:
    for what in reject:
        if what not in REJECTABLE:
            raise UnknownName("kind of file to reject", what, REJECTABLE)


def _summary(source: str, catalog: Catalog) -> AddSummary:
    rejected = Counter(r.modality for r in catalog.rejections if r.source == source)
    return AddSummary(
        source, {m: len(catalog.items(m)) for m in catalog.modalities}, dict(rejected)
    )


def _fetched(
    workspace: Workspace,
    found: Found,
    media_root: str | Path | None,
    options: FetchOptions | None,
    progress: Progress,
) -> Listing:
    """Return the rows of a table of addresses, whose files are there now."""
    if is_address(media_root):
        raise InputError("files are fetched to a folder of this machine", seen=media_root)
    folder = re.sub(r"[^\w.-]", "_", found.name).lstrip(".") or "source"
    root = workspace.root / "media" / folder if media_root is None else Path(media_root)
    known = workspace.roots.get(found.name)
    if known is not None and not same_root(known, root):
        raise InputError(
            f"source {found.name!r} of this workspace is {known}; name that folder as media root, "
            "or give the source another name"
        )
    listing = fetch_table(
        found.path,
        root,
        modality=found.modality,
        name=found.name,
        options=options,
        progress=progress,
    )
    check_usable(found, listing)
    return listing
