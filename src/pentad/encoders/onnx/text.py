"""Captions for an ONNX model: tokenizer in, ids and masks out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.pooling import Floats, pooled_rows
from pentad.encoders.onnx.session import Feed, Session
from pentad.media.types import DecodeOptions

VERSION = 1
_IDS, _MASK, _TYPES = "input_ids", "attention_mask", "token_type_ids"


@dataclass(frozen=True)
class TextSettings:
    """``[preprocess]`` of a text card."""

    max_tokens: int
    add_special_tokens: bool
    pad_id: int
    lowercase: bool


class TextFront:
    """Turns captions into feeds. Texts of equal length share a run, so nothing is ever padded."""

    modalities: tuple[Modality, ...] = (Modality.TEXT,)
    version = VERSION
    row_pooling = "mean"
    stackable = True

    def __init__(self, card: OnnxCard, session: Session) -> None:
        values = {k: v for k, v in card.preprocess.items() if k in TextSettings.__annotations__}
        self._settings = TextSettings(**values)
        self._card = card
        self._inputs: list[str] = card.values["inputs"]
        self._check_inputs()
        self._wide = {
            name: np.int32 if session.wants_int32(name) else np.int64 for name in self._inputs
        }
        self._fixed = _fixed_length(session.shape(_IDS))
        self._tokenizer = _tokenizer(card, self._settings.max_tokens)

    def accepts(self, modality: Modality) -> type:
        """Return the type of one input."""
        return str

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return nothing in particular: captions are not decoded."""
        return DecodeOptions()

    def token_ids(self, text: str) -> list[int]:
        """Return the ids of one caption, special tokens included, truncated."""
        text = text.lower() if self._settings.lowercase else text
        special = self._settings.add_special_tokens
        ids = list(self._tokenizer.encode(text, add_special_tokens=special).ids)
        return ids or [self._settings.pad_id]

    def feeds(self, item: Any) -> list[Feed]:
        """Return one feed of one row."""
        return [self._feed(self.token_ids(item))]

    def probes(self) -> list[Feed]:
        """Return feeds of several lengths to try the model with."""
        most = self._tokenizer.get_vocab_size()
        lengths = [min(n, self._settings.max_tokens) for n in (3, 7, 19)]
        return [self._feed([(n * 7919 * (p + 1)) % most for p in range(n)]) for n in lengths]

    def rows(self, output: NDArray[Any], feed: Feed) -> Floats:
        """Return (n, dim) of one run."""
        rows = pooled_rows(output, self._card.pooling, feed.get(_MASK))
        if rows is None:
            raise self._card.error(
                "does not fit the model's output",
                "pooling",
                expected="none for (n, dim), another for (n, tokens, dim)",
                seen=f"{self._card.pooling!r} for {output.shape}",
            )
        return rows

    def facts(self, item: Any) -> dict[str, Any]:
        """Return what a golden file may say about the preprocessing of one caption."""
        return {"token_ids": self.token_ids(item)}

    def _feed(self, ids: list[int]) -> Feed:
        missing = 0 if self._fixed is None else max(0, self._fixed - len(ids))
        kept = ids if self._fixed is None else ids[: self._fixed]
        parts = {
            _IDS: kept + [self._settings.pad_id] * missing,
            _MASK: [1] * len(kept) + [0] * missing,
            _TYPES: [0] * (len(kept) + missing),
        }
        return {name: np.array([parts[name]], dtype=self._wide[name]) for name in self._inputs}

    def _check_inputs(self) -> None:
        known = (_IDS, _MASK, _TYPES)
        if _IDS not in self._inputs or not set(self._inputs) <= set(known):
            raise self._card.error(
                "a text model takes these inputs", "inputs", expected=known, seen=self._inputs
            )


def _fixed_length(shape: list[int | str | None]) -> int | None:
    length = shape[1] if len(shape) == 2 else None
    return length if isinstance(length, int) else None


def _tokenizer(card: OnnxCard, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(card.tokenizer))
    except Exception as error:  # tokenizers raises bare Exception
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"is not a tokenizer.json: {reason}", file=card.tokenizer) from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer
