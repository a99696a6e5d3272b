"""Files and captions through decoding and encoding, the two overlapped, in the order given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.core.modality import Modality
from pentad.encoders.protocol import ChoosesDecoding, Classifier, Encoder
from pentad.media.types import DecodeOptions, Media
from pentad.media.worker import DecodePool, DecodeRequest

BATCH = 32
"""Inputs handed to an encoder at a time; decoding goes on meanwhile."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """What became of one input.

    Attributes:
        vector: float32 (dim,), or None where it was refused.
        scores: float32 (classes,), or None where the encoder names no classes.
        error: Why it was refused, or None.
    """

    vector: NDArray[np.float32] | None = None
    scores: NDArray[np.float32] | None = None
    error: DecodeError | None = None


class EncodingRun:
    """Decoder processes and an encoder, used for any number of input lists in turn."""

    def __init__(self, encoder: Encoder, modality: str, *, workers: int | None = None) -> None:
        self._encoder = encoder
        self._modality = Modality(modality)
        if self._modality not in encoder.modalities:
            known = ", ".join(m.value for m in encoder.modalities)
            raise InputError(
                f"encoder {encoder.name!r} does not encode {self._modality.value}", expected=known
            )
        self._workers = workers or os.cpu_count() or 1
        self._stack = ExitStack()
        self._pool: DecodePool | None = None

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._encoder.dim

    def __enter__(self) -> EncodingRun:
        """Start nothing yet: decoders start with the first file."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop the decoders."""
        self._stack.close()

    def encode(self, inputs: Sequence[str | Path]) -> Iterator[Encoded]:
        """Yield what became of each input, in order: captions for text, else paths of files."""
        waiting: list[Media] = []
        errors: list[DecodeError | None] = []
        for path, media in zip(inputs, self._decoded(inputs), strict=True):
            if isinstance(media, DecodeError):
                errors.append(_without_folder(media, path))
            else:
                errors.append(None)
                waiting.append(media)
            if len(waiting) == BATCH:
                yield from self._merge(waiting, errors)
                waiting, errors = [], []
        yield from self._merge(waiting, errors)

    def _decoded(self, inputs: Sequence[str | Path]) -> Iterable[Media | DecodeError]:
        if self._modality is Modality.TEXT:
            return [str(caption) for caption in inputs]
        chooses = isinstance(self._encoder, ChoosesDecoding)
        options = self._encoder.decode_options(self._modality) if chooses else DecodeOptions()  # type: ignore[attr-defined]
        if self._pool is None and inputs:
            self._pool = self._stack.enter_context(DecodePool(min(self._workers, len(inputs))))
        requests = [DecodeRequest(Path(path), self._modality, options) for path in inputs]
        return self._pool.map(requests) if self._pool is not None else []

    def _merge(
        self, waiting: Sequence[Media], errors: Sequence[DecodeError | None]
    ) -> Iterator[Encoded]:
        rows = iter(self._rows(waiting))
        for error in errors:
            yield next(rows) if error is None else Encoded(error=error)

    def _rows(self, inputs: Sequence[Media]) -> list[Encoded]:
        if not inputs:
            return []
        try:
            return self._encoded(inputs)
        except PentadError:
            raise
        except Exception as error:  # whatever a network raises on an odd input
            return self._one_by_one(inputs, error)

    def _one_by_one(self, inputs: Sequence[Media], error: Exception) -> list[Encoded]:
        """Refuse the inputs that the encoder fails on; where it fails on all of them, it is broken.

        A single input that fails says nothing of the encoder, and is refused.
        """
        rows = [self._alone(each) for each in inputs]
        if len(rows) > 1 and all(row.error is not None for row in rows):
            raise error
        return rows

    def _alone(self, item: Media) -> Encoded:
        try:
            return self._encoded([item])[0]
        except PentadError:
            raise
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            return Encoded(error=DecodeError(Reason.ENCODER_FAILED, detail[:300]))

    def _encoded(self, inputs: Sequence[Media]) -> list[Encoded]:
        if isinstance(self._encoder, Classifier):
            both = self._encoder.encode_and_classify(inputs, modality=self._modality)
            pairs = zip(both.vectors, both.scores, strict=True)
            return [_checked(vector, scores) for vector, scores in pairs]
        return [_checked(v, None) for v in self._encoder.encode(inputs, modality=self._modality)]


def _without_folder(error: DecodeError, path: str | Path) -> DecodeError:
    """Name the file alone: what is stored must not depend on where a folder lies."""
    return DecodeError(error.reason, error.detail.replace(str(path), Path(path).name))


def _checked(vector: NDArray[Any], scores: NDArray[Any] | None) -> Encoded:
    """Refuse what float16 cannot hold, and zero: it is equally far from everything."""
    limit = np.finfo(np.float16).max
    finite = bool((np.abs(vector) <= limit).all())
    if scores is not None:
        finite = finite and bool((np.abs(scores) <= limit).all())
    if not finite:
        return Encoded(
            error=DecodeError(Reason.ENCODER_FAILED, "the vector has values that are not finite")
        )
    if not vector.any():
        return Encoded(error=DecodeError(Reason.ENCODER_FAILED, "the vector is zero"))
    return Encoded(vector, scores)
