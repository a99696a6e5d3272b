"""`attach_embeddings`: vectors under published ids of E-MM1 become stored embeddings of items.

They are written as `pentad embed` writes its own, so everything that reads embeddings finds them,
and `pentad embed` with an encoder of the same space does not encode these items again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, StoreError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality, as_modality
from pentad.embeddings import shards
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.shards import Shard, ShardFolder
from pentad.pipeline.emm1_ids import load_published_ids
from pentad.store.atomic import write_json
from pentad.store.items import Items
from pentad.store.workspace import Workspace

_SPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NONE = -1


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
        rows = np.full(len(items), _NONE, dtype=np.int64)
        rows[np.searchsorted(items.ids, known[found])] = places[found]
        _check_values(embeddings.vectors, rows[rows != _NONE])
        print_ = _describe_space(opened, embeddings)
        fields = {"space": embeddings.space, "modality": kind.value, "encoder": print_}
        folder = opened.root / "embeddings" / embeddings.space / kind.value
        _write(ShardFolder(folder), items, embeddings.vectors, rows, fields)
    attached = int((rows != _NONE).sum())
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
    if not _SPACE.fullmatch(embeddings.space):
        raise InputError(
            "no name for a space that is stored",
            expected="letters, digits, '.', '_' and '-', such as my-clip",
            seen=repr(embeddings.space),
        )


def _check_values(vectors: NDArray[Any], rows: NDArray[np.int64]) -> None:
    """Refuse what float16 cannot hold, before anything is written."""
    for start in range(0, len(rows), shards.SHARD_ROWS):
        part = np.asarray(vectors[np.sort(rows[start : start + shards.SHARD_ROWS])])
        wrong = ~np.isfinite(_float16(part))
        if wrong.any():
            raise InputError("a value that float16 cannot hold", seen=float(part[wrong][0]))


def _matches(
    embeddings: Embeddings, ids: NDArray[Any], places: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return (ids,) whether there is a vector for an id."""
    inside = places < len(embeddings)
    found = np.zeros(len(ids), dtype=np.bool_)
    found[inside] = embeddings.ids[places[inside]] == ids[inside]
    return found


def _describe_space(workspace: Workspace, embeddings: Embeddings) -> str:
    """Return the fingerprint of a space; a new one is described as `pentad embed` would."""
    path = workspace.root / "embeddings" / embeddings.space / "encoder.json"
    modality = embeddings.modality.value
    card = _card(path) or {
        "name": embeddings.space,
        "revision": "published",
        "dim": embeddings.dim,
        "fingerprint": fingerprint_value(["published", embeddings.space, embeddings.dim]),
        "classes": [],
        "modalities": [],
    }
    if card["dim"] != embeddings.dim:
        raise InputError(
            f"space {embeddings.space!r} has vectors of another length",
            expected=card["dim"],
            seen=embeddings.dim,
        )
    if card["classes"]:
        raise InputError(
            f"the encoder of space {embeddings.space!r} scores classes, which vectors alone do not"
        )
    if modality not in card["modalities"]:
        known = {*card["modalities"], modality}
        write_json(path, {**card, "modalities": [m.value for m in Modality if m.value in known]})
    return str(card["fingerprint"])


def _card(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); run 'pentad embed' again") from None
    if not isinstance(found, dict) or not found.keys() >= {"dim", "classes", "fingerprint"}:
        raise StoreError(f"{path}: cannot be understood; run 'pentad embed' again")
    return found


def _write(
    folder: ShardFolder,
    items: Items,
    vectors: NDArray[Any],
    rows: NDArray[np.int64],
    fields: Mapping[str, object],
) -> None:
    numbers = items.ids // shards.SHARD_ROWS
    for number in np.unique(numbers[rows != _NONE]).tolist():
        mine = numbers == number
        part = items.take(items.ids[mine])
        old = folder.read(number, hashed=True)
        shard = _shard(part, old, vectors, rows[mine])
        if old is None or not _same(old, shard):
            folder.write(number, shard, fields)


def _shard(part: Items, old: Shard | None, vectors: NDArray[Any], rows: NDArray[np.int64]) -> Shard:
    """Return the new vectors, and the old ones of items that have no new one."""
    kept = {} if old is None else {int(i): row for row, i in enumerate(old.ids)}
    ids, prints, found = [], [], []
    for number, row, print_ in zip(
        part.ids.tolist(), rows.tolist(), part.fingerprints, strict=True
    ):
        if row != _NONE:
            prints.append(np.frombuffer(bytes.fromhex(print_), np.uint8))
            found.append(_float16(vectors[row]))
        elif old is not None and number in kept:
            prints.append(old.prints[kept[number]])
            found.append(old.vectors[kept[number]])
        else:
            continue
        ids.append(number)
    failures = () if old is None else tuple(f for f in old.failures if f.id not in set(ids))
    return Shard(np.array(ids, np.uint32), np.stack(prints), np.stack(found), None, failures)


def _float16(vectors: NDArray[Any]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):  # what becomes infinite is refused before anything is written
        return np.asarray(vectors).astype(np.float16)


def _same(left: Shard, right: Shard) -> bool:
    return (
        np.array_equal(left.ids, right.ids)
        and np.array_equal(left.prints, right.prints)
        and np.array_equal(left.vectors, right.vectors)
        and left.failures == right.failures
    )
