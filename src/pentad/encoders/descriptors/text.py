"""Captions as counts of hashed words, word pairs and pieces of words.

Spelling only: "dog" and "puppy" share nothing here. What it is good for is exact and near wording,
and as features that a head can learn from.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.builtin import HASHED_TEXT
from pentad.encoders.descriptors.base import Descriptor, Reader
from pentad.encoders.features import Floats, unit
from pentad.media.types import DecodeOptions

_DIM = HASHED_TEXT.dim
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD_WEIGHT, _PAIR_WEIGHT, _PIECE_WEIGHT = 1.0, 0.4, 0.8
_LONGEST_PIECE = 5
_LIGHT_WEIGHT = 0.2
_LIGHT = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "that",
        "the",
        "this",
        "to",
        "was",
        "with",
    ]
)


def load() -> Descriptor:
    """Return the encoder ``hashed-text``."""
    return Descriptor(HASHED_TEXT, {Modality.TEXT: Reader(str, DecodeOptions(), describe_text)})


def describe_text(text: str) -> NDArray[np.float32]:
    """Return the unit vector of one caption, float32 (1024)."""
    tokens = _tokens(text)
    pairs = pairwise(tokens)
    vector = (
        _WORD_WEIGHT * _hashed((f"w {token}", _weight(token)) for token in tokens)
        + _PAIR_WEIGHT * _hashed((f"b {a} {b}", _weight(a) * _weight(b)) for a, b in pairs)
        + _PIECE_WEIGHT * _hashed((piece, _weight(t)) for t in tokens for piece in _pieces(t))
    )
    return unit(vector).astype(np.float32)


def _tokens(text: str) -> list[str]:
    """Case and compatibility forms folded; a text without any token is one token of its own."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _TOKEN.findall(folded) or ["<empty>"]


def _weight(token: str) -> float:
    """English function words and punctuation say little about what a caption shows."""
    return _LIGHT_WEIGHT if token in _LIGHT or not token[0].isalnum() else 1.0


@lru_cache(maxsize=1 << 16)
def _pieces(token: str) -> tuple[str, ...]:
    """Pieces of 3 to 5 characters, ends marked; from 1 where words may be that short."""
    marked = f"<{token}>"
    shortest = 3 if token.isascii() else 1
    return tuple(
        f"c {marked[start : start + size]}"
        for size in range(shortest, _LONGEST_PIECE + 1)
        for start in range(len(marked) - size + 1)
    )


def _hashed(features: Iterable[tuple[str, float]]) -> Floats:
    """Weighted counts, damped by 1 + ln, at hashed places with hashed signs; length 1."""
    out = np.zeros(_DIM)
    for (feature, weight), count in Counter(features).items():
        for place, sign in _places(feature):
            out[place] += sign * weight * (1.0 + math.log(count))
    return unit(out)


@lru_cache(maxsize=1 << 18)
def _places(feature: str) -> tuple[tuple[int, float], ...]:
    """Two places each: where one is shared with another feature by bad luck, the other is not."""
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    values = (int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little"))
    return tuple((value % _DIM, 1.0 if value >> 63 else -1.0) for value in values)
