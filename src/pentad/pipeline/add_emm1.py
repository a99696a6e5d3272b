"""`add_emm1`: published items, groups and ratings as ordinary parts of a workspace.

    items/...                           files that are present, captions of kept rows
    items/emm1/                         which item a published id became
    groups/emm1-nn_<k>/                 groups of each chosen rank
    ratings/emm1-1m/                    triplets

Each is written whole before the next, items first, so that a process that is killed leaves groups
only of items that are there; the same command again goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.pipeline.emm1_ids import save_published_ids
from pentad.pipeline.emm1_listing import SOURCE, list_parts, published_ids
from pentad.pipeline.emm1_parts import Part, read_groups_part, read_triplets_part
from pentad.pipeline.emm1_tables import groups_folder, save_groups, save_triplets, triplets_folder
from pentad.sources.emm1.dataset import open_emm1
from pentad.store.remote.files import same_root
from pentad.store.workspace import Workspace

if TYPE_CHECKING:
    from pentad.sources.emm1.dataset import Emm1
    from pentad.store.items import Catalog

SPLITS = ("100m", "1m")


@dataclass(frozen=True)
class AddEmm1Summary:
    """What was taken over.

    Attributes:
        listed: (split, modality) -> items that the tables list.
        present: (split, modality) -> those whose file is present; of text, the captions in use.
        items: Modality -> items of the workspace, over all sources.
        rejected: Files that are present and cannot be read.
        groups: Folder -> ``groups``, and why others were dropped.
        triplets: Folder -> ``triplets``, and why others were dropped.
    """

    listed: Mapping[tuple[str, str], int]
    present: Mapping[tuple[str, str], int]
    items: Mapping[Modality, int]
    rejected: int
    groups: Mapping[str, Mapping[str, int]]
    triplets: Mapping[str, Mapping[str, int]]

    def rows(self) -> list[tuple[str, str, int, int]]:
        """Return one row a split and modality: listed, present."""
        return [(*key, count, self.present[key]) for key, count in self.listed.items()]

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return {
            "source": SOURCE,
            "read": [
                {"split": split, "modality": modality, "listed": listed, "present": present}
                for split, modality, listed, present in self.rows()
            ],
            "items": {m.value: count for m, count in self.items.items()},
            "rejected": self.rejected,
            "groups": {name: dict(counts) for name, counts in self.groups.items()},
            "triplets": {name: dict(counts) for name, counts in self.triplets.items()},
        }


def add_emm1(
    workspace: str | Path,
    root: str | Path | None = None,
    *,
    media_root: str | Path | None = None,
    nn: Sequence[int] = (1,),
    splits: Collection[str] | None = None,
) -> AddEmm1Summary:
    """Register what is present of E-MM1, and take over its groups and ratings.

    Both splits are one source, ``emm1``; a file that both have is one item. What was added before
    stays. Every present file is read once, for its fingerprint; files that are absent cost nothing
    but a look at the folder.

    Args:
        workspace: A workspace.
        root: The data set in any layout of tables; default ``$ROOT_DATA_PATH``.
        media_root: Where the media are; default ``$ROOT_DATA_PATH``, else the root.
        nn: Which neighbors' groups of the 100m split.
        splits: ``100m``, ``1m`` or both; default those that are there.

    Raises:
        InputError: A split, rank or table is missing, a row does not fit, no file is present, or
            what was added before has its media elsewhere.
        StoreError: There is no workspace, or another process is writing to it.
        UnknownName: There is no such split.
    """
    opened = Workspace.open(workspace)
    ds = open_emm1(root, media_root=media_root)
    _require_same_media(opened, ds)
    parts = [_read(ds, split, nn) for split in _chosen(ds, splits)]
    _require_media(ds, parts)
    with opened.writing():
        listing = list_parts(opened.catalog(), parts, ds.media_root.resolve())
        catalog = opened.add(listing)
        fresh = {(p.split, m): published_ids(catalog, p, m) for p in parts for m in _kinds(p)}
        ids = save_published_ids(opened, catalog, fresh)
        groups = {
            groups_folder(opened.root, rank): save_groups(opened.root, ds, rank, ids)
            for part in parts
            for rank in part.ranks
        }
        triplets = {
            triplets_folder(opened.root): save_triplets(opened.root, part, ids)
            for part in parts
            if part.triplets is not None
        }
    return _summary(opened, catalog, parts, groups, triplets)


def _chosen(ds: Emm1, splits: Collection[str] | None) -> list[str]:
    for split in splits or ():
        if split not in SPLITS:
            raise UnknownName("split", split, SPLITS)
        ds.places.of(split)
    chosen = [s for s in SPLITS if (s in splits if splits else s in ds.splits)]
    if not chosen:
        raise InputError(
            "there are no tables of groups or ratings here",
            file=ds.root,
            expected="the 100m or the 1m split as CSV tables or converted",
        )
    return chosen


def _read(ds: Emm1, split: str, nn: Sequence[int]) -> Part:
    if split == "1m":
        return read_triplets_part(ds)
    return read_groups_part(ds, list(dict.fromkeys(nn)))


def _require_same_media(opened: Workspace, ds: Emm1) -> None:
    known = opened.roots.get(SOURCE)
    gone = isinstance(known, Path) and not known.exists()
    if known is not None and not gone and not same_root(known, ds.media_root):
        raise InputError(
            f"the media of E-MM1 in this workspace lie in {known}; name that with --media-root, or "
            "use another workspace",
            file=ds.media_root,
        )


def _require_media(ds: Emm1, parts: Sequence[Part]) -> None:
    if not any(frame.height for part in parts for frame in part.files.values()):
        listed = sum(sum(part.listed.values()) for part in parts)
        raise InputError(
            f"none of the {listed} media that the tables list is here; "
            "download them, or name their root (--media-root)",
            file=ds.media_root,
        )


def _kinds(part: Part) -> list[Modality]:
    return [Modality.TEXT, *part.files]


def _summary(
    opened: Workspace,
    catalog: Catalog,
    parts: Sequence[Part],
    groups: Mapping[Path, Mapping[str, int]],
    triplets: Mapping[Path, Mapping[str, int]],
) -> AddEmm1Summary:
    listed, present = {}, {}
    for part in parts:
        listed[part.split, "text"] = present[part.split, "text"] = part.captions.height
        for modality, frame in part.files.items():
            listed[part.split, modality.value] = part.listed[modality]
            present[part.split, modality.value] = frame.height
    return AddEmm1Summary(
        listed,
        present,
        {m: len(catalog.items(m)) for m in catalog.modalities},
        sum(r.source == SOURCE for r in catalog.rejections),
        {path.relative_to(opened.root).as_posix(): counts for path, counts in groups.items()},
        {path.relative_to(opened.root).as_posix(): counts for path, counts in triplets.items()},
    )
