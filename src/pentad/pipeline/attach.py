"""`attach_embeddings`: vectors under published ids of E-MM1 become stored embeddings of items.

They are written as `pentad embed` writes its own, so everything that reads embeddings finds them,
and `pentad embed` with an encoder of the same space does not encode these items again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.embeddings import Embeddings
from pentad.pipeline.attached import NONE, attach_rows, check_space
from pentad.pipeline.emm1_ids import load_published_ids
from pentad.store.items import Items
from pentad.store.workspace import Workspace


@dataclass(frozen=True)
class AttachSummary:
    """What became of the vectors.

    Attributes:
        space: Where they are.
        attached: Items that have their vector now.
        unknown: Vectors whose id is of no item here.
        without: Items of this split that got no vector.
    """

    space: str
    attached: int
    unknown: int
    without: int


def attach_embeddings(
    workspace: str | Path, modality: str, embeddings: Embeddings, *, split: str
) -> AttachSummary:
    """Store vectors that are known by published ids.

    Vectors that are stored already in this space stay, unless there is a new one for their item.

    Args:
        workspace: A workspace that the split was added to.
        modality: What the vectors are of.
        embeddings: Ids are the data set's ``encord_<modality>_id``. They are kept as float16.
        split: To which the ids belong: ``100m`` or ``1m``.

    Raises:
        InputError: Another modality, a value that float16 cannot hold, a name that no space can
            have, or vectors of another length than the space has.
        StoreError: The split was not added, or another process is writing to the workspace.
    """
    kind = as_modality(modality)
    _check(embeddings, kind)
    opened = Workspace.open(workspace)
    with opened.writing():
        items = opened.catalog().items(kind)
        ids, known = _published(opened, split, items)
        places = np.searchsorted(embeddings.ids, ids)
        found = _matches(embeddings, ids, places)
        rows = np.full(len(items), NONE, dtype=np.int64)
        rows[np.searchsorted(items.ids, known[found])] = places[found]
        attach_rows(opened, items, embeddings, rows, revision="published")
    attached = int((rows != NONE).sum())
    named = len(np.unique(known))
    unknown = len(embeddings) - int(found.sum())
    return AttachSummary(embeddings.space, attached, unknown, named - attached)


def _published(
    workspace: Workspace, split: str, items: Items
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return published ids, and the items that they became, of those that are still here."""
    table = load_published_ids(workspace, split, items.modality)
    ids, known = table["encord_id"].to_numpy(), table["item_id"].to_numpy()
    here = np.isin(known, items.ids)
    return ids[here], known[here]


def _check(embeddings: Embeddings, kind: Modality) -> None:
    if embeddings.modality is not kind:
        raise InputError(
            "the vectors are of another modality", expected=kind, seen=embeddings.modality
        )
    check_space(embeddings.space)


def _matches(
    embeddings: Embeddings, ids: NDArray[Any], places: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return (ids,) whether there is a vector for an id."""
    inside = places < len(embeddings)
    found = np.zeros(len(ids), dtype=np.bool_)
    found[inside] = embeddings.ids[places[inside]] == ids[inside]
    return found
