"""What is tried with one modality of an encoder. Made-up inputs, so nothing is needed."""

from __future__ import annotations

import inspect
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.check_media import sample_file
from pentad.encoders.check_report import Check
from pentad.encoders.protocol import ChoosesDecoding, Encoder, is_row_independent
from pentad.encoders.samples import sample_input
from pentad.media.types import DecodeOptions, Media

_INPUTS, _HEAVY_INPUTS = 5, 3
_HEAVY = (Modality.VIDEO, Modality.POINTS)
_LIMIT, _HALF_LIMIT = 1e-5, 1e-2
_UNIT = 1e-4
_SECONDS = 0.5

Floats = NDArray[np.float32]


class Trial:
    """One modality of an encoder, with inputs and their vectors."""

    def __init__(self, encoder: Encoder, modality: Modality) -> None:
        self.encoder = encoder
        self.modality = modality
        self.options = DecodeOptions()
        if isinstance(encoder, ChoosesDecoding):
            self.options = encoder.decode_options(modality)
        count = _HEAVY_INPUTS if modality in _HEAVY else _INPUTS
        self.inputs = [sample_input(modality, number, self.options) for number in range(count)]
        self.vectors = self._encoded(self.inputs)

    @property
    def rules(self) -> tuple[Callable[[], Check], ...]:
        """What is tried, in order."""
        return (
            self.shape,
            self.finite,
            self.lengths,
            self.deterministic,
            self.order_and_batch_size,
            self.row_independence,
            self.distinct,
            self.empty_list,
            self.path,
            self.speed,
        )

    def shape(self) -> Check:
        """One float32 row an input."""
        wanted = (len(self.inputs), self.encoder.dim)
        seen, kind = np.shape(self.vectors), getattr(self.vectors, "dtype", None)
        passed = seen == wanted and kind == np.float32
        return self._check("shape", passed, f"{seen} {kind}")

    def finite(self) -> Check:
        """No NaN, nothing infinite."""
        bad = int((~np.isfinite(self.vectors)).sum())
        return self._check("finite", bad == 0, f"{bad} numbers are not finite", bad)

    def lengths(self) -> Check:
        """Length 1 where unit vectors are asked for; told where they cannot be."""
        norms = np.linalg.norm(self.vectors, axis=1)
        said = f"{norms.min():.4f} to {norms.max():.4f}"
        if "normalize" not in inspect.signature(self.encoder.encode).parameters:
            return self._check("lengths", None, said, float(norms.max()))
        unit = np.linalg.norm(self._encoded(self.inputs, normalize=True), axis=1)
        off = float(np.abs(unit - 1).max())
        detail = f"{said}; with normalize=True off 1 by {off:.1e}"
        return self._check("lengths", off <= _UNIT, detail, off)

    def deterministic(self) -> Check:
        """The same inputs give the same bits again."""
        again = self._encoded(self.inputs)
        gap = self._gap(self.vectors, again)
        return self._check("deterministic", np.array_equal(self.vectors, again), _off(gap), gap)

    def order_and_batch_size(self) -> Check:
        """Order and batch size change nothing that matters."""
        gap = self._gap(self.vectors, self._encoded(self.inputs[::-1])[::-1])
        for size in (1, 2, len(self.inputs)):
            gap = max(gap, self._gap(self.vectors, self._encoded(self.inputs, batch_size=size)))
        detail = f"{_off(gap)}, at most {self._limit:g}"
        return self._check("order and batch size", gap <= self._limit, detail, gap)

    def row_independence(self) -> Check:
        """Whether a row has the same bits in any company; a promise must be kept."""
        whole = self._encoded(self.inputs, batch_size=2)
        alone = np.concatenate([self._encoded([item], batch_size=2) for item in self.inputs])
        same = np.array_equal(whole, alone)
        promised = is_row_independent(self.encoder)
        detail = (
            f"{'the same' if same else 'other'} bits alone, {'' if promised else 'not '}promised"
        )
        return self._check("row independence", same if promised else None, detail, float(same))

    def distinct(self) -> Check:
        """Other inputs, other vectors."""
        count = len(self.vectors)
        gaps = [
            float(np.abs(self.vectors[i] - self.vectors[j]).max())
            for i in range(count)
            for j in range(i)
        ]
        least = min(gaps, default=0.0)
        return self._check("distinct", least > _LIMIT, f"differ by {least:.1e} or more", least)

    def empty_list(self) -> Check:
        """An empty list gives no row."""
        empty = self._encoded([])
        passed = np.shape(empty) == (0, self.encoder.dim) and empty.dtype == np.float32
        return self._check("empty list", passed, f"{np.shape(empty)} {empty.dtype}")

    def path(self) -> Check:
        """A file gives the same vector by its path as decoded."""
        from pentad.media.decode import decode

        with tempfile.TemporaryDirectory() as folder:
            file = sample_file(Path(folder), self.modality)
            if file is None:
                return self._check("path", None, "captions are no files")
            decoded = self._encoded([decode(file, self.modality, self.options)])
            try:
                given = self._encoded([file])
            except InputError:
                return self._check("path", None, "takes decoded media, no paths")
        gap = self._gap(decoded, given)
        return self._check("path", gap <= self._limit, f"{_off(gap)} from decoded", gap)

    def speed(self) -> Check:
        """How many inputs a second, decoding not counted."""
        done, start = 0, time.perf_counter()
        while done == 0 or time.perf_counter() - start < _SECONDS:
            self._encoded(self.inputs)
            done += len(self.inputs)
        rate = done / (time.perf_counter() - start)
        return self._check("speed", None, f"{rate:.3g} a second", rate)

    @property
    def _limit(self) -> float:
        dtype = getattr(getattr(self.encoder, "placement", None), "dtype", "float32")
        return _LIMIT if dtype == "float32" else _HALF_LIMIT

    def _encoded(self, inputs: Sequence[Any], **options: Any) -> Floats:
        media: Sequence[Media] = inputs
        return self.encoder.encode(media, modality=self.modality, **options)

    def _gap(self, left: Floats, right: Floats) -> float:
        """Return the largest difference; of long vectors, relative to the longest."""
        if np.shape(left) != np.shape(right):
            return float("inf")
        longest = float(np.linalg.norm(left, axis=1).max(initial=1.0))
        return float(np.abs(left - right).max(initial=0.0)) / max(1.0, longest)

    def _check(
        self, name: str, passed: bool | None, detail: str, value: float | None = None
    ) -> Check:
        known = None if value is None or not np.isfinite(value) else float(value)
        return Check(name, self.modality.value, passed, detail, known)


def _off(gap: float) -> str:
    return "no difference" if gap == 0 else f"largest difference {gap:.1e}"
