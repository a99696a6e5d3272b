"""Vectors from outside become stored embeddings of items, as `pentad embed` writes its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, StoreError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.embeddings import shards
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.shards import Shard, ShardFolder
from pentad.store.atomic import write_json
from pentad.store.items import Items
from pentad.store.workspace import Workspace

NONE = -1
"""In place of a row, for an item that has no vector."""

_SPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_space(space: str) -> None:
    """Raise `InputError` where a name cannot be that of a stored space."""
    if not _SPACE.fullmatch(space):
        raise InputError(
            "no name for a space that is stored",
            expected="letters, digits, '.', '_' and '-', such as my-clip",
            seen=repr(space),
        )


def attach_rows(
    workspace: Workspace,
    items: Items,
    embeddings: Embeddings,
    rows: NDArray[np.int64],
    *,
    revision: str,
    fields: Mapping[str, object] | None = None,
) -> None:
    """Store vectors of items; the caller holds the writer lock.

    Items without a new vector keep what they have. Vectors are kept as float16.

    Args:
        workspace: Where to.
        items: All items of the modality.
        embeddings: The vectors.
        rows: (items,) the row of each item's vector, or `NONE`.
        revision: For the description of a space that is new, how its vectors came.
        fields: More for the record of each shard that is written.

    Raises:
        InputError: A value that float16 cannot hold, or vectors of another length than the space
            has.
    """
    _check_values(embeddings.vectors, rows[rows != NONE])
    modality = items.modality.value
    print_ = _describe_space(workspace, embeddings, revision)
    known = {"space": embeddings.space, "modality": modality, "encoder": print_}
    folder = workspace.root / "embeddings" / embeddings.space / modality
    written = {**(fields or {}), **known}
    _write(ShardFolder(folder), items, embeddings.vectors, rows, written)


def _check_values(vectors: NDArray[Any], rows: NDArray[np.int64]) -> None:
    """Refuse what float16 cannot hold, before anything is written."""
    for start in range(0, len(rows), shards.SHARD_ROWS):
        part = np.asarray(vectors[np.sort(rows[start : start + shards.SHARD_ROWS])])
        wrong = ~np.isfinite(_float16(part))
        if wrong.any():
            raise InputError("a value that float16 cannot hold", seen=float(part[wrong][0]))


def _describe_space(workspace: Workspace, embeddings: Embeddings, revision: str) -> str:
    """Return the fingerprint of a space; a new one is described as `pentad embed` would."""
    path = workspace.root / "embeddings" / embeddings.space / "encoder.json"
    modality = embeddings.modality.value
    card = _card(path) or {
        "name": embeddings.space,
        "revision": revision,
        "dim": embeddings.dim,
        "fingerprint": fingerprint_value([revision, embeddings.space, embeddings.dim]),
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
    for number in np.unique(numbers[rows != NONE]).tolist():
        mine = numbers == number
        part = items.take(items.ids[mine])
        old = folder.read(number, hashed=True)
        shard = _shard(part, old, vectors, rows[mine])
        if old is None or not _same(old, shard):
            folder.write(number, shard, fields)


def _shard(part: Items, old: Shard | None, vectors: NDArray[Any], rows: NDArray[np.int64]) -> Shard:
    """Return the new vectors, and the old ones of items that have no new one."""
    kept = {} if old is None else {int(i): row for row, i in enumerate(old.ids)}
    wanted = np.unique(rows[rows != NONE])
    fresh = dict(zip(wanted.tolist(), _float16(vectors[wanted]), strict=True))
    ids, prints, found = [], [], []
    for number, row, print_ in zip(
        part.ids.tolist(), rows.tolist(), part.fingerprints, strict=True
    ):
        if row != NONE:
            prints.append(np.frombuffer(bytes.fromhex(print_), np.uint8))
            found.append(fresh[row])
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
