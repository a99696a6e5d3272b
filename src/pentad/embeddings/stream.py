"""Files and captions through decoding and encoding, all of it overlapped, in the order given.

Decoder processes work ahead of the encoder, across the lists they are given; the encoder has a
thread of its own. What waits between them is bounded in number and in bytes. Which inputs share a
call of the encoder depends on their list alone, never on how fast anything was.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.core.failpoints import failpoint
from pentad.core.modality import Modality
from pentad.embeddings.fetch_ahead import Source, requests_ahead
from pentad.encoders.protocol import (
    ChoosesDecoding,
    Classifier,
    Encoder,
    EncodesFrames,
    OverlapsCalls,
    PrefersBatches,
)
from pentad.media.types import DecodeOptions, Media
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.store.remote.files import RemoteFile

_FILES_A_CALL, _CAPTIONS_A_CALL = 32, 1024
_RUNS_A_CALL = 4
_BYTES_A_CALL, _MOST_BYTES_A_CALL = 1 << 26, 1 << 28
_CALLS_AHEAD = 1


@dataclass(frozen=True, eq=False)
class Encoded:
    """What became of one input.

    Attributes:
        vector: Floats (dim,), or (rows, dim) where rows were asked for; None if it was refused.
        scores: Floats (classes,), or None where the encoder names no classes.
        error: Why it was refused, or None.
    """

    vector: NDArray[Any] | None = None
    scores: NDArray[Any] | None = None
    error: DecodeError | None = None


@dataclass(frozen=True, eq=False)
class Portion:
    """Some results of one list of inputs, in order.

    Attributes:
        number: Of the list, from 0.
        results: The next results of it.
        last: Whether these are its last ones.
    """

    number: int
    results: list[Encoded]
    last: bool


@dataclass
class _Call:
    """Inputs that go to the encoder together; refused ones among them keep their place."""

    number: int
    media: list[Media] = field(default_factory=list)
    errors: list[DecodeError | None] = field(default_factory=list)
    bytes: int = 0

    def add(self, result: Media | DecodeError, source: Source) -> None:
        """Take the next input."""
        if isinstance(result, DecodeError):
            self.errors.append(_without_folder(result, source))
            return
        self.errors.append(None)
        self.media.append(result)
        self.bytes += _size(result)


class EncodingRun:
    """Decoder processes and an encoder, used for any number of lists of inputs.

    Args:
        encoder: What encodes.
        modality: What the inputs are.
        workers: Decoder processes; default one a processor.
        batch_size: Rows of a run of the encoder; None as it prefers.
        frames: Ask for the rows of every input instead of its vector.

    Raises:
        InputError: The encoder does not know the modality, or has no rows to give.
    """

    def __init__(
        self,
        encoder: Encoder,
        modality: str,
        *,
        workers: int | None = None,
        batch_size: int | None = None,
        frames: bool = False,
    ) -> None:
        self._encoder = encoder
        self._modality = Modality(modality)
        if self._modality not in encoder.modalities:
            known = ", ".join(m.value for m in encoder.modalities)
            raise InputError(
                f"encoder {encoder.name!r} does not encode {self._modality.value}", expected=known
            )
        if frames and not isinstance(encoder, EncodesFrames):
            raise InputError(f"encoder {encoder.name!r} gives one vector an item, no frames")
        self._frames = frames
        self._workers = workers or os.cpu_count() or 1
        self._stack = ExitStack()
        self._pool: DecodePool | None = None
        self._batch_size = batch_size
        if batch_size is None and isinstance(encoder, PrefersBatches):
            self._batch_size = encoder.rows_a_run

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._encoder.dim

    def __enter__(self) -> EncodingRun:
        """Start nothing yet: decoders start with the first file."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop the decoders."""
        self.close()

    def close(self) -> None:
        """Stop the decoders; called by ``with``."""
        self._stack.close()

    def encode(self, inputs: Sequence[Source]) -> Iterator[Encoded]:
        """Yield what became of each input, in order: captions for text, else paths of files."""
        for portion in self.stream([inputs]):
            yield from portion.results

    def stream(self, lists: Iterable[Sequence[Source]]) -> Iterator[Portion]:
        """Yield what became of the inputs of every list, in order, in portions.

        ``lists`` is read a little ahead of what is yielded. Every list ends with a portion that
        says so, also an empty one.
        """
        waiting: deque[tuple[_Call, bool, Future[list[Encoded]]]] = deque()
        encoder = self._encoder
        at_once = encoder.calls_at_once if isinstance(encoder, OverlapsCalls) else 1
        with ThreadPoolExecutor(at_once, "pentad-encode") as threads:
            try:
                for call, last in self._calls(lists):
                    waiting.append((call, last, threads.submit(self._results, call)))
                    while len(waiting) > at_once + _CALLS_AHEAD:
                        yield _portion(*waiting.popleft())
                while waiting:
                    yield _portion(*waiting.popleft())
            finally:
                for _, _, future in waiting:
                    future.cancel()

    def _calls(self, lists: Iterable[Sequence[Source]]) -> Iterator[tuple[_Call, bool]]:
        """Yield what goes to the encoder together, and whether it is the last of its list."""
        if self._modality is Modality.TEXT:
            yield from self._caption_calls(lists)
            return
        most = max(_FILES_A_CALL, _RUNS_A_CALL * (self._batch_size or 1))
        sources: deque[tuple[int, Source, bool]] = deque()
        call: _Call | None = None
        for result in self._decoded(lists, sources):
            number, source, last = sources.popleft()
            call = call or _Call(number)
            if result is not None:
                failpoint("embed.decoded")
                call.add(result, source)
            if last or len(call.errors) == most or self._heavy(call):
                yield call, last
                call = None

    def _heavy(self, call: _Call) -> bool:
        """Return whether a call is large enough; a run that is not full would waste rows."""
        full = len(call.media) % (self._batch_size or 1) == 0
        return call.bytes >= (_BYTES_A_CALL if full else _MOST_BYTES_A_CALL)

    def _caption_calls(self, lists: Iterable[Sequence[Source]]) -> Iterator[tuple[_Call, bool]]:
        for number, captions in enumerate(lists):
            starts = range(0, max(1, len(captions)), _CAPTIONS_A_CALL)
            for start in starts:
                call = _Call(number)
                for caption in captions[start : start + _CAPTIONS_A_CALL]:
                    call.add(str(caption), caption)
                yield call, start == starts[-1]

    def _decoded(
        self, lists: Iterable[Sequence[Source]], sources: deque[tuple[int, Source, bool]]
    ) -> Iterator[Media | DecodeError | None]:
        """Yield each decoded file, and None for a list without any; say in ``sources`` which."""
        options = DecodeOptions()
        if isinstance(self._encoder, ChoosesDecoding):
            options = self._encoder.decode_options(self._modality)

        def asked() -> Iterator[Source | None]:
            for number, paths in enumerate(lists):
                for place, path in enumerate(paths, start=1):
                    sources.append((number, path, place == len(paths)))
                    yield path
                if not len(paths):
                    sources.append((number, "", True))
                    yield None

        requests = requests_ahead(asked(), self._modality, options)
        return self._through_pool(requests)

    def _through_pool(
        self, requests: Iterator[DecodeRequest | DecodeError | None]
    ) -> Iterator[Media | DecodeError | None]:
        """Yield the results of requests in order; what is no request is its own result."""
        if self._pool is None:
            self._pool = self._stack.enter_context(DecodePool(self._workers))
        aside: deque[tuple[int, DecodeError | None]] = deque()  # how many files come before it
        sent = 0

        def files() -> Iterator[DecodeRequest]:
            nonlocal sent
            for request in requests:
                if isinstance(request, DecodeRequest):
                    sent += 1
                    yield request
                else:
                    aside.append((sent, request))

        for taken, result in enumerate(self._pool.map(files())):
            while aside and aside[0][0] <= taken:
                yield aside.popleft()[1]
            yield result
        while aside:
            yield aside.popleft()[1]

    def _results(self, call: _Call) -> list[Encoded]:
        rows = iter(self._rows(call.media))
        results = [next(rows) if e is None else Encoded(error=e) for e in call.errors]
        failpoint("embed.encoded")
        return results

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
        options: dict[str, Any] = {"modality": self._modality}
        if self._batch_size is not None:
            options["batch_size"] = self._batch_size
        if self._frames and isinstance(self._encoder, EncodesFrames):
            return [_checked(rows, None) for rows in self._encoder.encode_frames(inputs, **options)]
        if isinstance(self._encoder, Classifier):
            both = self._encoder.encode_and_classify(inputs, **options)
            pairs = zip(both.vectors, both.scores, strict=True)
            return [_checked(vector, scores) for vector, scores in pairs]
        return [_checked(v, None) for v in self._encoder.encode(inputs, **options)]


def _portion(call: _Call, last: bool, future: Future[list[Encoded]]) -> Portion:
    return Portion(call.number, future.result(), last)


def _size(item: Media) -> int:
    if isinstance(item, str):
        return 0
    arrays = (getattr(item, entry.name) for entry in fields(item))
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))


def _without_folder(error: DecodeError, path: Source) -> DecodeError:
    """Name the file alone: what is stored must not depend on where a folder lies."""
    name = path.name if isinstance(path, RemoteFile) else Path(path).name
    return DecodeError(error.reason, error.detail.replace(str(path), name))


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
