"""Embeddings of a workspace by the name of their space, one or several vectors an item."""

from __future__ import annotations

import re

import numpy as np

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings, find_rows
from pentad.embeddings.frames import FrameEmbeddings
from pentad.store.items import Items
from pentad.store.workspace import Workspace

_FINGERPRINT = re.compile(r"-[0-9a-f]{8}(?=$|\.)")


def stored_spaces(workspace: Workspace, modality: Modality) -> list[str]:
    """Return the names of the spaces that have embeddings of a modality."""
    return sorted(p.parent.name for p in workspace.root.glob(f"embeddings/*/{modality.value}"))


def is_called(space: str, name: str) -> bool:
    """Return whether ``name`` means a space: with the fingerprint in its name, or without."""
    return name in (space, _FINGERPRINT.sub("", space))


def stored_embeddings(
    workspace: Workspace, name: str, modality: Modality
) -> Embeddings | FrameEmbeddings:
    """Return the embeddings of a space, named with or without its fingerprint.

    Raises:
        UnknownName: There is no such space, or several have the name.
        StoreError: They are damaged.
    """
    known = stored_spaces(workspace, modality)
    meant = [space for space in known if is_called(space, name)]
    if name not in known and len(meant) != 1:
        raise UnknownName(f"space of {modality} embeddings", name, known)
    space = name if name in known else meant[0]
    folder = workspace.root / "embeddings" / space / modality.value
    if any(folder.glob("*.offsets.npy")):
        return FrameEmbeddings.load(folder)
    return Embeddings.load(folder)


def without_removed(
    stored: Embeddings | FrameEmbeddings, items: Items
) -> tuple[Embeddings | FrameEmbeddings, int]:
    """Return the embeddings of items that are still there, and how many others there were.

    Raises:
        InputError: None is left.
    """
    _, there = find_rows(items.ids, stored.ids)
    removed = int((~there).sum())
    if not removed:
        return stored, 0
    kept = stored.ids[there]
    if isinstance(stored, Embeddings):
        return stored.take(kept), removed
    frames = [stored.of(row) for row in np.flatnonzero(there).tolist()]
    if not frames:
        raise InputError("none of these embeddings is of an item that is still here")
    rest = FrameEmbeddings.from_list(frames, modality=stored.modality, space=stored.space, ids=kept)
    return rest, removed
