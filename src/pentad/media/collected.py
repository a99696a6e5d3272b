"""Samples of one sound, or of a part of it, as they come: how many are wanted, kept and missing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.ends import TOLERANCE
from pentad.media.segment import Segment, seconds

MAX_SAMPLES = 1 << 27
"""Samples of one sound after mixing down: 50 minutes at 44.1 kHz."""
MIN_RATE, MAX_RATE = 100, 768_000
MAX_CHANNELS = 64


@dataclass
class Collected:
    """Mono blocks read so far.

    Attributes:
        rate: Samples per second.
        limit: Samples that are kept at most.
        wanted: Samples there should be; None where the file does not say its length.
        segment: The part that is wanted, or None for all.
        skip: Samples of the file before the wanted part.
        passed: Samples of the file that came before what is kept.
        count: Samples that are kept.
        blocks: What is kept.
    """

    rate: int
    limit: int
    wanted: int | None
    segment: Segment | None = None
    skip: int = 0
    passed: int = 0
    count: int = 0
    blocks: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, block: NDArray[np.float32]) -> bool:
        """Keep what is wanted of a block; say whether more is."""
        over = min(max(0, self.skip - self.passed), len(block)) if not self.count else 0
        self.passed += over
        kept = block[over : over + self.limit - self.count]
        if len(kept):
            self.blocks.append(kept)
            self.count += len(kept)
        check_length(self.count)
        return self.count < self.limit

    def samples(self) -> NDArray[np.float32]:
        """Return everything as one array, if it is as long as it should be.

        Raises:
            DecodeError: It is empty or too short.
        """
        if self.count == 0:
            raise self._empty()
        if self.wanted is not None and self.count < self.wanted * (1 - TOLERANCE):
            short = f"{self.count:,} of {self.wanted:,} samples are there"
            raise DecodeError(
                Reason.TRUNCATED, f"{self.segment}: {short}" if self.segment else short
            )
        return np.concatenate(self.blocks)

    def _empty(self) -> DecodeError:
        if self.segment is None:
            return DecodeError(Reason.EMPTY, "no samples")
        return outside(self.segment, self.passed / self.rate)


def plan(
    rate: int, present: int | None, max_seconds: float | None, segment: Segment | None
) -> Collected:
    """Return what is to be collected of a sound of ``present`` samples (None: nobody knows).

    Raises:
        DecodeError: The rate is absurd, the wanted part lies behind the end or is too long.
    """
    limit = most_samples(rate, max_seconds)
    first, stop = (0, None) if segment is None else segment.samples(rate)
    if segment is not None and present is not None and first >= present:
        raise outside(segment, present / rate)
    wanted = None if present is None else present - first
    if stop is not None:
        wanted = max(1, stop - first)
        limit = min(limit, wanted)
    if wanted is not None:
        wanted = min(wanted, limit)
        check_length(wanted)
    return Collected(rate, limit, wanted, segment, skip=first)


def most_samples(rate: int, max_seconds: float | None) -> int:
    """Return how many samples are kept at most.

    Raises:
        DecodeError: The rate is absurd.
    """
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DecodeError(Reason.UNSUPPORTED, f"a rate of {rate} samples a second")
    return MAX_SAMPLES + 1 if max_seconds is None else max(1, math.ceil(rate * max_seconds))


def check_length(samples: float) -> None:
    """Refuse more samples than `MAX_SAMPLES`.

    Raises:
        DecodeError: There are more.
    """
    if samples > MAX_SAMPLES:
        raise DecodeError(Reason.TOO_LARGE, f"more than {MAX_SAMPLES:,} samples")


def check_channels(count: int) -> None:
    """Refuse no channels, and too many.

    Raises:
        DecodeError: There are less than 1 or more than `MAX_CHANNELS`.
    """
    if not 1 <= count <= MAX_CHANNELS:
        raise DecodeError(
            Reason.UNSUPPORTED, f"{count:,} channels; what is read has 1 to {MAX_CHANNELS}"
        )


def outside(segment: Segment, length: float) -> DecodeError:
    """Return the refusal of a part that begins behind the end."""
    return DecodeError(Reason.EMPTY, f"{segment}: the sound ends at second {seconds(length)}")
