"""Any ONNX model with a card as an encoder of text, pictures (and frames and views) or sounds.

Row i depends on input i alone; on a CPU, to the bit. Every picture, and the patches of every sound,
are runs of their own: on a CPU, runs of several pictures take as long (see docs/onnx-cards.md).
Captions of equal length share a run only where a trial at loading gave the same bits in company as
alone. Runs are spread over threads, preprocessing included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.encoders.accept import Opener, openers
from pentad.encoders.inputs import check_batch_size, check_float32, check_modality
from pentad.encoders.onnx.card import OnnxCard, read_onnx_card
from pentad.encoders.onnx.files import external_files
from pentad.encoders.onnx.front import front_for
from pentad.encoders.onnx.identity import fingerprint_of
from pentad.encoders.onnx.pooling import Floats, activated, normalized, over_rows
from pentad.encoders.onnx.runs import grouped, row_of, stacked
from pentad.encoders.onnx.session import Feed, Session
from pentad.encoders.protocol import Classified
from pentad.encoders.threads import usable_cores
from pentad.encoders.vectors import normalized_rows
from pentad.media.types import DecodeOptions

_TRIAL_COMPANY = 5

T = TypeVar("T")
Rows = tuple[Floats, Floats | None]
"""The vectors (rows, dim) of one input before pooling, and its activated scores (rows, classes)."""


class OnnxEncoder:
    """An ONNX model and its card as an `Encoder`. Made by `load_onnx`.

    Attributes:
        folder: Where the card lies.
        card: The facts for people.
    """

    def __init__(self, card: OnnxCard, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise InputError("threads must be at least 1", seen=threads)
        self._card = card
        external = external_files(card.model)
        self._device = "cpu"
        self._session = Session(card)
        self._front = front_for(card, self._session)
        self._threads = threads or usable_cores()
        self.folder = card.folder
        self.name: str = card.values["name"]
        self.revision: str = card.values["revision"]
        self.modalities = self._front.modalities
        self.dim = card.dim
        self.card = card.encoder_card(self.modalities)
        self.fingerprint = fingerprint_of(card, self._front, external)
        self._try_out()
        self._stacks = self._front.stackable and self._stacking_is_exact()

    @property
    def model_file(self) -> Path:
        """The file of the graph."""
        return self._card.model

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        return self._front.decode_options(check_modality(self.name, self.modalities, modality))

    def place(self, device: str | None = None, dtype: str | None = None) -> OnnxEncoder:
        """Run the model on another device; what is None stays as it is.

        Args:
            device: ``cpu``, ``cuda``, ``cuda:1``; ``auto`` for CUDA where onnxruntime has it.
            dtype: ``float32``: the numbers of a graph cannot be changed.

        Raises:
            InputError: onnxruntime cannot use the device, or the type is another.
        """
        check_float32(self.name, dtype)
        wanted = self._device if device is None else str(device)
        if wanted != self._device:
            self._session = Session(self._card, wanted)
            self._device = wanted
            self._stacks = self._front.stackable and self._stacking_is_exact()
        return self

    @property
    def calls_at_once(self) -> int:
        """How many calls may overlap, so that no thread waits for the last run of a call."""
        return 2

    @property
    def row_independent(self) -> bool:
        """Whether a row has the same bits in any company and session; CUDA promises less."""
        return self._session.on_cpu

    def encode(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> NDArray[np.float32]:
        """Return float32 (len(inputs), dim).

        A row the model computes as infinite or NaN is returned as it is.

        Args:
            inputs: Captions; or decoded media, paths, bytes, pictures of Pillow, arrays, tensors:
                see `pentad.encoders.accept.accepted`.
            modality: What they are.
            batch_size: The most captions in one run; other inputs run one at a time. It changes no
                bit of the result.
            normalize: Unit vectors or not; None as the card says.
            device: Runs the model there first; see `place`.
            dtype: None or ``float32``.

        Raises:
            InputError: An input cannot be taken, or an argument is wrong.
            DecodeError: An input that is a file or bytes cannot be decoded.
        """
        self.place(device, dtype)
        given = self._given(inputs, modality, batch_size)
        return self._encoded(given, batch_size, normalize, classify=False).vectors

    def encode_frames(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool = False,
        device: str | None = None,
        dtype: str | None = None,
    ) -> list[NDArray[np.float32]]:
        """Return float32 (rows, dim) of each input, in time order, before pooling over rows.

        The rows are the patches of a sound, the frames of a video, the views of points; of a
        picture or a caption there is one. Arguments and errors are those of `encode`, but that rows
        stay as they are by default.
        """
        self.place(device, dtype)
        given = self._given(inputs, modality, batch_size)
        found = self._run(given, batch_size, classify=False)
        frames = [vectors.astype(np.float32) for vectors, _ in found]
        return [normalized_rows(rows) for rows in frames] if normalize else frames

    def explain(self, item: Any, *, modality: str) -> dict[str, Any]:
        """Return what happens to one input on the way, for golden files and for the curious.

        The keys are ``vector`` (before normalisation), ``norm``, and what the preprocessing has to
        say: token ids, samples, patches, log-mel values. Where there are classes, ``top1`` is the
        best one by the card, and ``top1_raw`` the best by the mean of the scores before activation.
        """
        media = self._given([item], modality, None)[0]()
        feeds = self._front.feeds(media)
        vector, scores = self._pooled(self._rows(feeds, self._classifies))
        norm = float(np.sqrt(np.sum(vector * vector)))
        top = {} if scores is None else self._best_classes(scores, feeds)
        return {"vector": vector, "norm": norm, **top, **self._front.facts(media)}

    def _best_classes(self, scores: Floats, feeds: Sequence[Feed]) -> dict[str, str]:
        name = self._card.values["class_output"]
        raw = np.concatenate([self._session.run([name], feed)[0] for feed in feeds])
        mean = raw.reshape(-1, len(self._card.classes)).astype(np.float64).mean(axis=0)
        names = self._card.classes
        return {"top1": names[int(scores.argmax())], "top1_raw": names[int(mean.argmax())]}

    @property
    def _classifies(self) -> bool:
        return bool(self._card.classes)

    def _given(self, inputs: Sequence[Any], modality: str, batch_size: int | None) -> list[Opener]:
        kind = check_modality(self.name, self.modalities, modality)
        check_batch_size(batch_size)
        options = self._front.decode_options(kind)
        # The fronts resample and choose frames by themselves, so media stay as they are.
        return openers(self.name, inputs, kind, self._front.accepts(kind), options, fitted=False)

    def _encoded(
        self,
        given: Sequence[Opener],
        batch_size: int | None,
        normalize: bool | None,
        *,
        classify: bool,
    ) -> Classified:
        how = self._card.values["normalize"]
        how = how if normalize is None else "l2" if normalize else "none"
        classes = len(self._card.classes) if classify else 0
        vectors = np.zeros((len(given), self.dim), dtype=np.float32)
        scores = np.zeros((len(given), classes), dtype=np.float32)
        for row, rows in enumerate(self._run(given, batch_size, classify=classify)):
            vector, score = self._pooled(rows)
            vectors[row] = normalized(vector, how)
            if score is not None:
                scores[row] = score
        return Classified(vectors, scores)

    def _run(
        self, given: Sequence[Opener], batch_size: int | None, *, classify: bool
    ) -> list[Rows]:
        if self._stacks and batch_size != 1:
            return self._in_company(given, batch_size, classify)

        def rows(opened: Opener) -> Rows:
            return self._rows(self._front.feeds(opened()), classify)

        return self._spread(rows, given)

    def _in_company(
        self, given: Sequence[Opener], batch_size: int | None, classify: bool
    ) -> list[Rows]:
        """Feeds of one row each; those of one shape share a run."""
        feeds = [self._front.feeds(opened())[0] for opened in given]
        groups = grouped(feeds, batch_size)

        def run(numbers: list[int]) -> Rows:
            return self._rows([stacked([feeds[n] for n in numbers])], classify)

        out: dict[int, Rows] = {}
        for numbers, (vectors, scores) in zip(groups, self._spread(run, groups), strict=True):
            for place, number in enumerate(numbers):
                row = slice(place, place + 1)
                out[number] = (vectors[row], None if scores is None else scores[row])
        return [out[number] for number in range(len(given))]

    def _spread(self, function: Callable[[T], Rows], tasks: Sequence[T]) -> list[Rows]:
        """Return the results in order; calls that overlap share the threads and leave none idle."""
        return list(self._pool.map(function, tasks))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, "pentad-onnx")

    def _pooled(self, rows: Rows) -> Rows:
        """One vector and one row of scores of one input."""
        vectors, scores = rows
        vector = over_rows(vectors, self._front.row_pooling)
        how = self._card.values["class_pooling"]
        return vector, None if scores is None else over_rows(scores, how)

    def _rows(self, feeds: Sequence[Feed], classify: bool) -> Rows:
        """Vectors and activated scores of all rows of some runs."""
        values = self._card.values
        names = [values["output"], *([values["class_output"]] if classify else [])]
        vectors: list[Floats] = []
        scores: list[Floats] = []
        for feed in feeds:
            outputs = self._session.run(names, feed)
            count = len(outputs[0])
            for r in range(count):
                vectors.append(self._front.rows(outputs[0][r : r + 1], row_of(feed, r))[0])
            if classify:
                found = np.asarray(outputs[1], dtype=np.float64).reshape(count, -1)
                scores += [activated(row, values["class_activation"]) for row in found]
        return np.stack(vectors), np.stack(scores) if classify else None

    def _try_out(self) -> None:
        """Run the model once, so that a card that does not fit it is refused here and not later."""
        vectors, scores = self._rows(self._front.probes()[:1], self._classifies)
        width = vectors.shape[1]
        if width != self.dim:
            raise self._card.error(
                "is not the width of the output", "dim", expected=width, seen=self.dim
            )
        if scores is not None and scores.shape[1] != len(self._card.classes):
            raise self._card.error(
                "does not have one name for each score",
                "classes",
                expected=f"{scores.shape[1]} names",
                seen=len(self._card.classes),
            )

    def _stacking_is_exact(self) -> bool:
        """Whether rows are the same to the bit alone and in company, tried on a few lengths."""
        for feed in self._front.probes():
            rolled = [
                {n: np.roll(a, r, axis=-1) for n, a in feed.items()} for r in range(_TRIAL_COMPANY)
            ]
            try:
                together, _ = self._rows([stacked(rolled)], self._classifies)
            except InputError:  # the batch axis of the graph is fixed at 1
                return False
            for row, alone in zip(together, rolled, strict=True):
                if not np.array_equal(row, self._rows([alone], self._classifies)[0][0]):
                    return False
        return True


class OnnxClassifier(OnnxEncoder):
    """An `OnnxEncoder` whose card names classes.

    Attributes:
        classes: Their names, in the order of the score columns.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the score columns."""
        return self._card.classes

    def encode_and_classify(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> Classified:
        """Return vectors as `encode` does, and class scores, from one pass of the model.

        Scores are activated for each frame, view or patch, then pooled as the card says. Arguments
        and errors are those of `encode`.
        """
        self.place(device, dtype)
        given = self._given(inputs, modality, batch_size)
        return self._encoded(given, batch_size, normalize, classify=True)


def load_onnx(folder: str | Path, *, threads: int | None = None) -> OnnxEncoder:
    """Return the model in a folder with a ``card.toml``; see docs/onnx-cards.md.

    Args:
        folder: The folder.
        threads: How many runs may take place at once; None for one per core. It changes no result.

    Returns:
        An `OnnxClassifier` if the card names classes, else an `OnnxEncoder`.

    Raises:
        InputError: The card, the model, the tokenizer or the class list is missing, damaged, or
            does not fit the rest.
    """
    card = read_onnx_card(folder)
    return (OnnxClassifier if card.classes else OnnxEncoder)(card, threads=threads)
