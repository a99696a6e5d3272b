"""Texts and files as vectors for evaluation, whatever kind of encoder makes them.

A saved model may stand on several frozen encoders that want one file decoded in different ways; a
file then goes through each of them, and what they give is brought into the model's space. Nothing
is rounded, and only what a model itself makes unit length has unit length.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.fetch_ahead import Source
from pentad.embeddings.stream import Encoded, EncodingRun
from pentad.encoders.bridge_map import unit
from pentad.encoders.inputs import check_modality
from pentad.encoders.protocol import Encoder
from pentad.store.remote.files import FilePath, RemoteFile
from pentad.store.segments import segment_name

if TYPE_CHECKING:
    from pentad.evaluation.tasks.task import Entries

Part = tuple[float | None, float | None]
"""Seconds at which a part of a sound or video begins and ends; a `Span` of a task is one."""

_LONGEST = 60


@runtime_checkable
class Stacked(Protocol):
    """A model over frozen encoders, which may want one file decoded in different ways.

    ``project(modality, vectors)`` takes their unit vectors side by side, and ``scores`` of classes
    if it has such an argument.
    """

    def frozen(self, modality: str) -> list[Encoder]:
        """Return the frozen encoders of one modality."""

    @property
    def project(self) -> Callable[..., NDArray[np.float32]]: ...  # noqa: D102


@dataclass(frozen=True)
class Missing:
    """A row that has no vector.

    Attributes:
        row: Its place among what was asked for, from 0.
        file: The last part of its path, or its text.
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
    """The vectors of some inputs of one modality.

    Attributes:
        rows: int64 (n,), places of the inputs that have a vector, ascending.
        vectors: (n, dim), as the model gave them.
        missing: The inputs that have none, ascending.
    """

    rows: NDArray[np.int64]
    vectors: NDArray[Any]
    missing: tuple[Missing, ...] = ()


def encode_texts(
    encoder: Encoder, texts: Sequence[str], *, progress: Progress = SILENT
) -> NDArray[Any]:
    """Return floats (texts, dim), a row a text.

    Args:
        encoder: One that encodes text.
        texts: Captions, prompts, queries.
        progress: Where to report.

    Raises:
        InputError: The encoder does not encode text, or one of the texts cannot be encoded.
    """
    found = encode_inputs(encoder, Modality.TEXT, texts, progress=progress)
    if found.missing:
        first = found.missing[0]
        raise InputError(f"{encoder.name!r} cannot encode {first.file!r}: {first.reason}")
    return found.vectors


def encode_files(
    encoder: Encoder,
    modality: str,
    paths: Sequence[FilePath],
    *,
    spans: Sequence[Part | None] | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Vectors:
    """Return the vectors of files, or of parts of their playing time.

    Args:
        encoder: One that encodes the modality.
        modality: What the files are: ``image``, ``audio``, ``video`` or ``points``.
        paths: The files; a path may be virtual, as `pentad.store.places.locate` takes it.
        spans: For each file the seconds that are meant, or None for all of it; None for all files
            whole. Only sounds and videos have parts.
        workers: Decoder processes; default one a processor.
        progress: Where to report.

    Returns:
        One row for each file that can be used; the others are listed with their reasons.

    Raises:
        InputError: The encoder does not encode the modality, or there is not one span a file.
    """
    if check_modality(encoder.name, encoder.modalities, modality) is Modality.TEXT:
        raise InputError("texts are not files; use encode_texts")
    wanted = list(paths)
    wrong: dict[int, DecodeError] = {}
    for row, span in enumerate(_spans(spans, len(wanted))):
        if span is not None:
            try:
                wanted[row] = _part(wanted[row], span)
            except DecodeError as error:
                wrong[row] = error
    kept = [row for row in range(len(wanted)) if row not in wrong]
    inputs = [wanted[row] for row in kept]
    found = encode_inputs(encoder, modality, inputs, workers=workers, progress=progress)
    return _spread(found, kept, [_missing(r, wanted[r], error) for r, error in wrong.items()])


def encode_entries(
    encoder: Encoder, entries: Entries, *, workers: int | None = None, progress: Progress = SILENT
) -> Vectors:
    """Return the vectors of the queries or items of a task; what cannot be used is listed.

    Arguments and errors are those of `encode_files`.
    """
    if entries.files is None:
        texts = entries.texts or ()
        return encode_inputs(encoder, entries.modality, texts, progress=progress)
    return encode_files(
        encoder,
        entries.modality,
        entries.files,
        spans=entries.spans,
        workers=workers,
        progress=progress,
    )


def encode_inputs(
    encoder: Encoder,
    modality: str,
    inputs: Sequence[Source],
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Vectors:
    """Return the vectors of texts (modality ``text``) or of files; what cannot be used is listed.

    Arguments and errors are those of `encode_files`.
    """
    kind = check_modality(encoder.name, encoder.modalities, modality)
    frozen = encoder.frozen(kind) if isinstance(encoder, Stacked) else []
    encoders = frozen if len(frozen) > 1 else [encoder]
    runs = [_run(each, kind, inputs, workers, progress) for each in encoders]
    errors = [next((o.error for o in row if o.error), None) for row in zip(*runs, strict=True)]
    keep = [row for row, error in enumerate(errors) if error is None]
    missing = (_missing(row, inputs[row], e) for row, e in enumerate(errors) if e is not None)
    parts = [[run[row] for row in keep] for run in runs]
    return Vectors(np.array(keep, np.int64), _joined(encoder, kind, parts), tuple(missing))


def _joined(
    encoder: Encoder, modality: Modality, parts: Sequence[Sequence[Encoded]]
) -> NDArray[Any]:
    if not parts[0]:
        return np.empty((0, encoder.dim), np.float32)
    if len(parts) > 1 and isinstance(encoder, Stacked):
        return _projected(encoder, modality, parts)
    return _vectors(parts[0])


def _run(
    encoder: Encoder,
    modality: Modality,
    inputs: Sequence[Source],
    workers: int | None,
    progress: Progress,
) -> list[Encoded]:
    found = []
    with (
        progress.task(f"embed {modality} with {encoder.name}", len(inputs)) as task,
        EncodingRun(encoder, modality, workers=workers) as run,
    ):
        for outcome in run.encode(inputs):
            found.append(outcome)
            task.advance()
    return found


def _vectors(outcomes: Sequence[Encoded]) -> NDArray[Any]:
    return np.stack([outcome.vector for outcome in outcomes if outcome.vector is not None])


def _projected(
    model: Stacked, modality: Modality, parts: Sequence[Sequence[Encoded]]
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


def _spans(spans: Sequence[Part | None] | None, files: int) -> Sequence[Part | None]:
    if spans is None:
        return [None] * files
    if len(spans) != files:
        raise InputError("one span a file, None for the whole", expected=files, seen=len(spans))
    return spans


def _part(path: FilePath, span: Part) -> FilePath:
    """Return the virtual path of a part of a file.

    Raises:
        DecodeError: The span is none, or the path means another file that has that very name.
    """
    start, end = span
    try:
        name = segment_name(str(path), start, end)
    except (TypeError, ValueError) as error:
        raise DecodeError(Reason.BAD_ROW, str(error)) from None
    if isinstance(path, RemoteFile):
        file = segment_name(path.file, start, end)
        return RemoteFile(path.folder, file, path.cache, path.version)
    if name != str(path) and os.path.lexists(name):
        raise DecodeError(Reason.CONFLICT, f"there is a file named {Path(name).name!r}; rename it")
    return Path(name)


def _missing(row: int, source: Source, error: DecodeError) -> Missing:
    name = source[:_LONGEST] if isinstance(source, str) else source.name
    return Missing(row, name, f"{error.reason.value}: {error.detail}")


def _spread(found: Vectors, kept: Sequence[int], wrong: Sequence[Missing]) -> Vectors:
    """Return vectors of some rows as those of all of them."""
    if not wrong:
        return found
    moved = [Missing(kept[each.row], each.file, each.reason) for each in found.missing]
    missing = sorted([*moved, *wrong], key=lambda each: each.row)
    return Vectors(np.array(kept, np.int64)[found.rows], found.vectors, tuple(missing))
