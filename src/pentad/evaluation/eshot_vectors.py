"""The embeddings of EShot, from whatever gives them: a matrix, an encoder, or a function of paths.

The published protocol takes means of vectors as the model gives them, so they are neither rounded
nor made unit length here.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.stream import Encoded, EncodingRun
from pentad.encoders.bridge_map import unit
from pentad.encoders.inputs import check_modality
from pentad.encoders.protocol import Encoder

if TYPE_CHECKING:
    from pentad.sources.emm1.eshot import EShot

PathFunction = Callable[..., Any]
"""Takes a list of paths, and the modality if it has a second argument; returns their matrix."""
Vectorizer = Encoder | PathFunction | NDArray[Any]

_NOUNS = {"audio": "sounds", "points": "clouds"}
_log = logging.getLogger(__name__)


@runtime_checkable
class _Stacked(Protocol):
    """A model over frozen encoders, which may want one file decoded in different ways.

    ``project(modality, vectors)`` takes their unit vectors side by side, and ``scores`` of classes
    if it has such an argument.
    """

    def frozen(self, modality: str) -> list[Encoder]: ...
    @property
    def project(self) -> Callable[..., NDArray[np.float32]]: ...


@dataclass(frozen=True)
class Missing:
    """A row that has no vector.

    Attributes:
        row: Its row in the info table, from 0.
        file: Its ``file_name``.
        reason: One line for people.
        absent: Whether there is no file at all.
    """

    row: int
    file: str
    reason: str
    absent: bool = False

    def to_json(self) -> dict[str, object]:
        """Return row, file and reason as plain values."""
        return {"row": self.row, "file": self.file, "reason": self.reason}


@dataclass(frozen=True, eq=False)
class Vectors:
    """The embeddings of one modality.

    Attributes:
        rows: int64 (n,), rows of the info table, ascending.
        vectors: (n, dim), as the model gave them.
        missing: The rows that have none, ascending.
    """

    rows: NDArray[np.int64]
    vectors: NDArray[Any]
    missing: tuple[Missing, ...] = ()


def eshot_vectors(
    eshot: EShot,
    modality: str,
    source: Vectorizer,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Vectors:
    """Return one vector for every row that has a file, or for every row of a matrix.

    Args:
        eshot: The benchmark.
        modality: ``audio`` or ``points``.
        source: A matrix with one row for each row of the info table; an encoder, to which the files
            are decoded; or a function that takes a list of paths and returns their matrix. Where no
            file at all is there, a function gets the paths of all rows: it may know them by name.
        workers: Decoder processes of an encoder; default one a processor.
        progress: Where to report.

    Raises:
        InputError: A matrix does not fit, a vector is zero or not finite, or there is none.
    """
    if isinstance(source, Encoder):
        found = _from_encoder(eshot, modality, source, workers, progress)
    elif callable(source):
        found = _from_function(eshot, modality, source)
    else:
        rows = np.arange(eshot.table(modality).height)
        found = Vectors(rows, _as_matrix(source, len(rows), modality))
    _check_rows(eshot, modality, found)
    return found


def _from_encoder(
    eshot: EShot, modality: str, encoder: Encoder, workers: int | None, progress: Progress
) -> Vectors:
    check_modality(encoder.name, encoder.modalities, modality)
    rows = np.flatnonzero(eshot.present(modality))
    if not len(rows):
        raise _no_media(eshot, modality)
    paths = eshot.paths(modality)
    frozen = encoder.frozen(modality) if isinstance(encoder, _Stacked) else []
    encoders = frozen if len(frozen) > 1 else [encoder]
    runs = [_run(e, modality, [paths[r] for r in rows], workers, progress) for e in encoders]
    errors = [next((o.error for o in outcomes if o.error), None) for outcomes in _columns(runs)]
    refused = [
        Missing(row, paths[row].name, f"{error.reason.value}: {error.detail}")
        for row, error in zip(rows.tolist(), errors, strict=True)
        if error is not None
    ]
    keep = [place for place, error in enumerate(errors) if error is None]
    if not keep:
        first = f"the first: {refused[0].file}: {refused[0].reason}"
        raise InputError(f"none of the {len(rows)} {_NOUNS[modality]} can be embedded; {first}")
    parts = [[run[place] for place in keep] for run in runs]
    vectors = _vectors(parts[0])
    if len(parts) > 1 and isinstance(encoder, _Stacked):
        vectors = _projected(encoder, modality, parts)
    missing = sorted([*refused, *_absent(eshot, modality)], key=lambda each: each.row)
    return Vectors(rows[keep], vectors, tuple(missing))


def _run(
    encoder: Encoder,
    modality: str,
    paths: Sequence[Path],
    workers: int | None,
    progress: Progress,
) -> list[Encoded]:
    found = []
    with (
        progress.task(f"embed {modality} with {encoder.name}", len(paths)) as task,
        EncodingRun(encoder, modality, workers=workers) as run,
    ):
        for outcome in run.encode(paths):
            found.append(outcome)
            task.advance()
    return found


def _columns(runs: Sequence[Sequence[Encoded]]) -> list[tuple[Encoded, ...]]:
    return list(zip(*runs, strict=True))


def _vectors(outcomes: Sequence[Encoded]) -> NDArray[np.float32]:
    return np.stack([outcome.vector for outcome in outcomes if outcome.vector is not None])


def _projected(
    model: _Stacked, modality: str, parts: Sequence[Sequence[Encoded]]
) -> NDArray[np.float32]:
    vectors = np.hstack([unit(_vectors(part)) for part in parts])
    if "scores" in inspect.signature(model.project).parameters:
        return model.project(modality, vectors, scores=_first_scores(parts))
    return model.project(modality, vectors)


def _first_scores(parts: Sequence[Sequence[Encoded]]) -> NDArray[np.float32] | None:
    for part in parts:
        scores = [outcome.scores for outcome in part if outcome.scores is not None]
        if scores:
            return np.stack(scores)
    return None


def _from_function(eshot: EShot, modality: str, function: PathFunction) -> Vectors:
    rows = np.flatnonzero(eshot.present(modality))
    missing = tuple(_absent(eshot, modality))
    if not len(rows):
        rows, missing = np.arange(eshot.table(modality).height), ()
        _log.warning(
            "none of the %d %s is below %s; the function gets all their paths",
            len(rows), _NOUNS[modality], eshot.media_root,
        )  # fmt: skip
    paths = eshot.paths(modality)
    found = _call(function, [paths[row] for row in rows], modality)
    return Vectors(rows, _as_matrix(found, len(rows), modality), missing)


def _call(function: PathFunction, paths: list[Path], modality: str) -> Any:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function of a compiled module may not say
        return function(paths)
    if "modality" in parameters:
        return function(paths, modality=modality)
    needed = [
        p
        for p in parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return function(paths, modality) if len(needed) > 1 else function(paths)


def _as_matrix(found: Any, rows: int, modality: str) -> NDArray[Any]:
    if callable(getattr(found, "detach", None)):  # a tensor, perhaps on another device
        found = found.detach().cpu()
    try:
        matrix = np.asarray(found)
    except (TypeError, ValueError):
        matrix = np.empty(0, dtype=object)
    if matrix.dtype.kind not in "fiu" or matrix.ndim != 2:
        raise InputError(
            f"the {modality} embeddings are no matrix of numbers",
            expected=f"floats ({rows}, dim)",
            seen=f"{type(found).__name__} of {matrix.dtype} {matrix.shape}",
        )
    if len(matrix) != rows:
        raise InputError(
            f"the {modality} embeddings need one row for each of the {_NOUNS[modality]}, in order",
            expected=f"{rows} rows",
            seen=len(matrix),
        )
    return matrix


def _check_rows(eshot: EShot, modality: str, found: Vectors) -> None:
    finite = np.isfinite(found.vectors).all(axis=1)
    usable = finite & found.vectors.any(axis=1)
    if usable.all():
        return
    place = int(np.argmin(usable))
    row = int(found.rows[place])
    wrong = "is zero, which has no direction" if finite[place] else "has NaN or infinite values"
    name = eshot.table(modality)["file_name"][row]
    raise InputError(f"the {modality} embedding of row {row} (counted from 0), {name}, {wrong}")


def _absent(eshot: EShot, modality: str) -> list[Missing]:
    names = eshot.table(modality)["file_name"]
    rows = eshot.missing(modality).tolist()
    return [
        Missing(row, names[row], f"{Reason.MISSING_FILE.value}: not there", True) for row in rows
    ]


def _no_media(eshot: EShot, modality: str) -> InputError:
    first = eshot.paths(modality)[0]
    return InputError(
        f"none of the {len(eshot.present(modality))} {_NOUNS[modality]} of EShot is there; "
        "download the media, or name their root (media_root)",
        expected=f"such as {first}",
    )
