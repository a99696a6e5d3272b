"""Any ONNX model with a card as an encoder of text, pictures (and frames and views) or sounds.

Row i depends on input i alone, to the bit. Every picture, and the patches of every sound, are runs
of their own. Captions of equal length share a run only where a trial at loading gave the same bits
in company as alone. Runs are spread over threads, preprocessing included.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_file, fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.inputs import check_batch_size, check_inputs, check_modality
from pentad.encoders.onnx.card import OnnxCard, read_onnx_card
from pentad.encoders.onnx.files import external_files
from pentad.encoders.onnx.front import Front, front_for
from pentad.encoders.onnx.pooling import Floats, activated, normalized, over_rows
from pentad.encoders.onnx.runs import grouped, row_of, stacked
from pentad.encoders.onnx.schema import COMMON, PREPROCESS
from pentad.encoders.onnx.session import Feed, Session
from pentad.encoders.protocol import Classified
from pentad.encoders.threads import on_threads, usable_cores
from pentad.media.render import RENDERER
from pentad.media.types import DecodeOptions, Media

_NO_EFFECT = frozenset({"name", "file", "tokenizer", "classes"})
_TRIAL_COMPANY = 5


class OnnxEncoder:
    """An ONNX model and its card as an `Encoder`. Made by `load_onnx`.

    Attributes:
        folder: Where the card lies.
        card: The facts for people.
    """

    row_independent = True

    def __init__(self, card: OnnxCard, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise InputError("threads must be at least 1", seen=threads)
        self._card = card
        external = external_files(card.model)
        self._session = Session(card)
        self._front = front_for(card, self._session)
        self._threads = threads or usable_cores()
        self.folder = card.folder
        self.name: str = card.values["name"]
        self.revision: str = card.values["revision"]
        self.modalities = self._front.modalities
        self.dim = card.dim
        self.card = card.encoder_card(self.modalities)
        self.fingerprint = _fingerprint(card, self._front, external)
        self._try_out()
        self._stacks = self._front.stackable and self._stacking_is_exact()

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        return self._front.decode_options(check_modality(self.name, self.modalities, modality))

    def encode(
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (len(inputs), dim), unit rows where the card says ``l2``.

        ``batch_size`` is the most captions in one run; other inputs run one at a time. It changes
        no bit of the result. A row the model computes as infinite or NaN is returned as it is.
        """
        return self._encoded(inputs, modality, batch_size, classify=False).vectors

    def explain(self, item: Media, *, modality: str) -> dict[str, Any]:
        """Return what happens to one input on the way, for golden files and for the curious.

        The keys are ``vector`` (before normalisation), ``norm``, and what the preprocessing has to
        say: token ids, samples, patches, log-mel values. Where there are classes, ``top1`` is the
        best one by the card, and ``top1_raw`` the best by the mean of the scores before activation.
        """
        self._check([item], modality, None)
        feeds = self._front.feeds(item)
        vector, scores = self._pooled(feeds, classify=self._classifies)
        norm = float(np.sqrt(np.sum(vector * vector)))
        top = {} if scores is None else self._best_classes(scores, feeds)
        return {"vector": vector, "norm": norm, **top, **self._front.facts(item)}

    def _best_classes(self, scores: Floats, feeds: Sequence[Feed]) -> dict[str, str]:
        name = self._card.values["class_output"]
        raw = np.concatenate([self._session.run([name], feed)[0] for feed in feeds])
        mean = raw.reshape(-1, len(self._card.classes)).astype(np.float64).mean(axis=0)
        names = self._card.classes
        return {"top1": names[int(scores.argmax())], "top1_raw": names[int(mean.argmax())]}

    @property
    def _classifies(self) -> bool:
        return bool(self._card.classes)

    def _encoded(
        self, inputs: Sequence[Media], modality: str, batch_size: int | None, *, classify: bool
    ) -> Classified:
        self._check(inputs, modality, batch_size)
        one_by_one = not self._stacks or batch_size == 1
        several = self._one_by_one if one_by_one else self._in_company
        pooled = several(inputs, classify, batch_size)
        vectors = np.zeros((len(inputs), self.dim), dtype=np.float32)
        scores = np.zeros(
            (len(inputs), len(self._card.classes) if classify else 0), dtype=np.float32
        )
        for row, (vector, score) in enumerate(pooled):
            vectors[row] = normalized(vector, self._card.values["normalize"])
            if score is not None:
                scores[row] = score
        return Classified(vectors, scores)

    def _check(self, inputs: Sequence[Media], modality: str, batch_size: int | None) -> None:
        kind = check_modality(self.name, self.modalities, modality)
        check_batch_size(batch_size)
        check_inputs(self.name, inputs, self._front.accepts(kind))

    def _one_by_one(
        self, inputs: Sequence[Media], classify: bool, _: int | None
    ) -> list[tuple[Floats, Floats | None]]:
        def pooled(item: Media) -> tuple[Floats, Floats | None]:
            return self._pooled(self._front.feeds(item), classify)

        return on_threads(pooled, inputs, self._threads)

    def _in_company(
        self, inputs: Sequence[Media], classify: bool, batch_size: int | None
    ) -> list[tuple[Floats, Floats | None]]:
        """Feeds of one row each; those of one shape share a run."""
        feeds = [self._front.feeds(item)[0] for item in inputs]
        groups = grouped(feeds, batch_size)

        def run(numbers: list[int]) -> list[tuple[Floats, Floats | None]]:
            return self._rows(stacked([feeds[n] for n in numbers]), classify)

        out: dict[int, tuple[Floats, Floats | None]] = {}
        for numbers, rows in zip(groups, on_threads(run, groups, self._threads), strict=True):
            out.update(zip(numbers, rows, strict=True))
        return [out[number] for number in range(len(inputs))]

    def _pooled(self, feeds: Sequence[Feed], classify: bool) -> tuple[Floats, Floats | None]:
        """One vector and one row of scores from all the runs of one input."""
        rows = [row for feed in feeds for row in self._rows(feed, classify)]
        vector = over_rows(np.stack([row for row, _ in rows]), self._front.row_pooling)
        scores = [score for _, score in rows if score is not None]
        how = self._card.values["class_pooling"]
        return vector, over_rows(np.stack(scores), how) if scores else None

    def _rows(self, feed: Feed, classify: bool) -> list[tuple[Floats, Floats | None]]:
        """Vector and activated scores of each row of one run."""
        values = self._card.values
        names = [values["output"], *([values["class_output"]] if classify else [])]
        outputs = self._session.run(names, feed)
        count = len(outputs[0])
        vectors = [
            self._front.rows(outputs[0][r : r + 1], row_of(feed, r))[0] for r in range(count)
        ]
        if not classify:
            return [(vector, None) for vector in vectors]
        scores = np.asarray(outputs[1], dtype=np.float64).reshape(count, -1)
        active = [activated(row, values["class_activation"]) for row in scores]
        return list(zip(vectors, active, strict=True))

    def _try_out(self) -> None:
        """Run the model once, so that a card that does not fit it is refused here and not later."""
        vector, scores = self._rows(self._front.probes()[0], self._classifies)[0]
        if len(vector) != self.dim:
            raise self._card.error(
                "is not the width of the output", "dim", expected=len(vector), seen=self.dim
            )
        if scores is not None and len(scores) != len(self._card.classes):
            raise self._card.error(
                "does not have one name for each score",
                "classes",
                expected=f"{len(scores)} names",
                seen=len(self._card.classes),
            )

    def _stacking_is_exact(self) -> bool:
        """Whether rows are the same to the bit alone and in company, tried on a few lengths."""
        for feed in self._front.probes():
            rolled = [
                {n: np.roll(a, r, axis=-1) for n, a in feed.items()} for r in range(_TRIAL_COMPANY)
            ]
            try:
                together = self._rows(stacked(rolled), self._classifies)
            except InputError:  # the batch axis of the graph is fixed at 1
                return False
            for row, alone in zip(together, rolled, strict=True):
                if not np.array_equal(row[0], self._rows(alone, self._classifies)[0][0]):
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
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> Classified:
        """Return vectors as `encode` does, and class scores, from one pass of the model.

        Scores are activated for each frame, view or patch, then pooled as the card says.
        """
        return self._encoded(inputs, modality, batch_size, classify=True)


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


def _fingerprint(card: OnnxCard, front: Front, external: Sequence[Path]) -> str:
    """Over the files' bytes, the values that matter, and the version of our preprocessing code."""
    files = {"model": card.model, "tokenizer": card.tokenizer}
    files |= {f"external:{path.relative_to(card.folder)}": path for path in external}
    remarks = {key.name for key in (*COMMON, *PREPROCESS[card.modality]) if key.free}
    ignored = remarks | _NO_EFFECT
    return fingerprint_value(
        {
            "files": {name: fingerprint_file(path) for name, path in files.items() if path},
            "classes": list(card.classes),
            "card": {k: v for k, v in card.values.items() if k not in ignored},
            "preprocess": {k: v for k, v in card.preprocess.items() if k not in ignored},
            "code": [card.modality.value, front.version],
            "renderer": RENDERER if Modality.POINTS in front.modalities else None,
        }
    )
