"""One JSON file a clip, as the program of "Semantic similarity of sounds" keeps embeddings.

<fname>.json: {"audio_path": "...", "embeddings": [...] | [[...], ...] | null}

A list is one vector, a list of lists is one a frame; null says that the model failed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import Task
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.assemble import assemble
from pentad.embeddings.exchange.imported import Faults, Imported, Wanted
from pentad.embeddings.exchange.keys import Keys
from pentad.embeddings.exchange.output import IfExists, writing_folder
from pentad.embeddings.exchange.rows import MAX_DIM
from pentad.embeddings.exchange.spool import Spool
from pentad.embeddings.frames import FrameEmbeddings

FORMAT = "json"
_VECTORS = "embeddings"
_PATH = "audio_path"
_MAX_BYTES = 1 << 26


def looks_like(path: Path) -> bool:
    """Return whether a folder has clips."""
    return bool(_clips(path, at_most=1))


def read(path: Path, wanted: Wanted) -> Imported:
    """Return the clips in the order of their names; unusable ones are listed, whatever is asked.

    The result is frame-level if any clip is; a clip with a single vector has one frame then.

    Raises:
        InputError: There is no clip, none is usable, or most are of another length than the first.
    """
    files = _clips(path)
    if not files:
        raise InputError("no .json file in it", file=path)
    faults, keys = Faults(path, wanted, tolerate=True), Keys()
    counts: list[int] = []
    dim = 0
    reading = wanted.progress.task(f"read {path.name}", len(files))
    with Spool(wanted.dtype) as spool, reading as task:
        for number, file in enumerate(files):
            task.advance()
            try:
                name, frames = _clip(file, dim, wanted)
            except _Refused as refused:
                faults.add(file, refused.reason, refused.detail)
                continue
            dim = frames.shape[-1]
            spool.add(frames)
            counts.append(len(frames) if frames.ndim == 2 else 0)
            keys.add(np.array([number]), names=[name])
        vectors = spool.matrix(dim or 1)
    _require_one_length(path, faults, len(counts))
    if any(counts):
        return _frame_level(vectors, counts, keys, wanted, faults)
    return assemble(path, [vectors], keys, wanted, faults, {"format": FORMAT})


def write(
    embeddings: Embeddings | FrameEmbeddings,
    path: Path,
    names: Sequence[str] | None,
    task: Task,
    if_exists: IfExists,
) -> None:
    """Write one file an item, called after the name of its file without the extension."""
    files = _file_names(embeddings, names)
    with writing_folder(path, if_exists) as commit:
        for row, file in enumerate(files):
            vectors = _row(embeddings, row)
            name = names[row] if names is not None else file
            text = json.dumps({_PATH: name, _VECTORS: vectors.astype(np.float32).tolist()})
            commit.path(f"{file}.json").write_text(text, encoding="utf-8")
            task.advance()
        commit.finish(_record(embeddings))


class _Refused(Exception):
    """A clip cannot be used."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def _clips(path: Path, at_most: int | None = None) -> list[Path]:
    found = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.endswith(".json") and entry.name[0] != "." and entry.is_file():
                found.append(entry.name)
                if at_most is not None and len(found) == at_most:
                    break
    return [path / name for name in sorted(found)]


def _clip(file: Path, dim: int, wanted: Wanted) -> tuple[str, NDArray[Any]]:
    """Return the name and the vector (dim,) or frames (frames, dim) of one clip."""
    clip = _parsed(file)
    if _VECTORS not in clip:
        raise _Refused(Reason.MISSING_COLUMN, f"no {_VECTORS!r}")
    if clip[_VECTORS] is None:
        raise _Refused(Reason.ENCODER_FAILED, f"{_VECTORS!r} is null: the model failed")
    frames = _frames(clip[_VECTORS], wanted.dtype)
    if dim and frames.shape[-1] != dim:
        raise _Refused(
            Reason.CONFLICT, f"a vector of {frames.shape[-1]} values, the first clip has {dim}"
        )
    return _name(clip.get(_PATH), file, wanted.modality), frames


def _name(named: object, file: Path, modality: Modality) -> str:
    """Return the caption, or the path where the file is called after it, else the file's name."""
    if not isinstance(named, str) or not named:
        return file.stem
    return named if modality is Modality.TEXT or Path(named).stem == file.stem else file.stem


def _parsed(file: Path) -> dict[str, Any]:
    try:
        size = file.stat().st_size
        if size > _MAX_BYTES:
            raise _Refused(Reason.TOO_LARGE, f"{size} bytes, at most {_MAX_BYTES} are read")
        clip = json.loads(file.read_bytes())
    except OSError as error:
        raise _Refused(Reason.UNREADABLE, str(error.strerror or error)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        text = " ".join(str(error).split())[:160]
        raise _Refused(Reason.CORRUPT, f"no JSON ({text})") from None
    if not isinstance(clip, dict):
        raise _Refused(Reason.CORRUPT, f"a JSON {type(clip).__name__}, no object")
    return clip


def _frames(value: object, dtype: type[np.float32 | np.float64]) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        raise _Refused(Reason.CORRUPT, "frames of different lengths") from None
    if not array.size:
        raise _Refused(Reason.EMPTY, "no values")
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or array.shape[-1] > MAX_DIM:
        raise _Refused(Reason.CORRUPT, "neither a list of numbers nor a list of such lists")
    with np.errstate(over="ignore"):
        frames = array.astype(dtype)
    if not np.isfinite(frames).all():
        raise _Refused(Reason.NON_FINITE, "a value is not finite")
    return frames


def _require_one_length(path: Path, faults: Faults, kept: int) -> None:
    """Refuse a folder whose first clip is the odd one out."""
    others = [r for r in faults.found if r.reason is Reason.CONFLICT]
    if len(others) > kept:
        raise InputError(
            f"clips of different lengths; {others[0].path}: {others[0].detail}", file=path
        )


def _frame_level(
    vectors: NDArray[Any],
    counts: list[int],
    keys: Keys,
    wanted: Wanted,
    faults: Faults,
) -> Imported:
    offsets = np.cumsum([0, *(max(1, count) for count in counts)], dtype=np.int64)
    ids = keys.numbers.astype(np.uint32)
    frames = FrameEmbeddings(vectors, offsets, ids, wanted.modality, wanted.space)
    return Imported(frames, keys.names, faults.found, False, {"exact": True, "format": FORMAT})


def _row(embeddings: Embeddings | FrameEmbeddings, row: int) -> NDArray[Any]:
    if isinstance(embeddings, FrameEmbeddings):
        return embeddings.of(row)
    vector: NDArray[Any] = np.asarray(embeddings.vectors[row : row + 1])[0]
    return vector


def _file_names(embeddings: Embeddings | FrameEmbeddings, names: Sequence[str] | None) -> list[str]:
    """Return the file name of each item, without ``.json``: ids for captions and nameless items."""
    if names is None or embeddings.modality is Modality.TEXT:
        return [str(number) for number in embeddings.ids.tolist()]
    seen: dict[str, str] = {}
    for name in names:
        stem = Path(name).stem
        if not stem or stem[0] == "." or "\0" in stem:
            raise InputError(f"{name!r} gives no name for a file; give names")
        if stem in seen:
            raise InputError(
                f"{seen[stem]!r} and {name!r} would both be {stem}.json; give names that differ"
            )
        seen[stem] = name
    return list(seen)


def _record(embeddings: Embeddings | FrameEmbeddings) -> dict[str, object]:
    return {
        "kind": "exported embeddings",
        "format": FORMAT,
        "modality": embeddings.modality.value,
        "space": embeddings.space,
        "rows": len(embeddings),
        "dim": embeddings.dim,
        "dtype": str(embeddings.vectors.dtype),
    }
