"""Captions as rows of token ids, padded to one of a few lengths."""

from __future__ import annotations

import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError
from pentad.encoders.families.network import Feed
from pentad.encoders.families.why import why

_STEP = 8
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)

_WHOLE = "tokenizer.json"
_VOCABULARIES = (_WHOLE, "vocab.json", "vocab.txt", "*.model")

_SPACES = str.maketrans(string.punctuation, " " * len(string.punctuation))

AS_IT_IS, LOWER, WORDS = "as it is", "lower case", "lower case without punctuation"
SENTENCE = "lower case with a full stop for all punctuation"


@dataclass(frozen=True)
class TokenSettings:
    """How captions are cut and padded.

    Attributes:
        most: Tokens a caption may have; longer ones are cut.
        fixed: Whether every caption is padded to ``most``, as some models were trained; else to the
            next multiple of 8, so that captions of like length share a run and none is long.
        masked: Whether the network is told which tokens are padding.
        spelling: How captions are rewritten first, where a model was trained so and its tokenizer
            may not do it: `AS_IT_IS`, `LOWER`, `WORDS` or `SENTENCE`.
    """

    most: int
    fixed: bool = False
    masked: bool = True
    spelling: str = AS_IT_IS


class Tokens:
    """The tokenizer of a folder."""

    def __init__(self, folder: Path, settings: TokenSettings) -> None:
        self._settings = settings
        self._tokenizer = load_tokenizer(folder)
        pad = self._tokenizer.pad_token_id
        self._pad = self._tokenizer.eos_token_id if pad is None else pad
        if self._pad is None:
            self._pad = 0
        self.feed("")  # sets the length to cut at, which two threads may not do at once

    def feed(self, caption: str) -> Feed:
        """Return ``input_ids`` and, where the network wants it, ``attention_mask``, int64 (n,)."""
        s = self._settings
        text = respelt(caption, s.spelling)
        ids = self._tokenizer(text, truncation=True, max_length=s.most)["input_ids"]
        length = s.most if s.fixed else min(s.most, -(-max(1, len(ids)) // _STEP) * _STEP)
        row = np.full(length, self._pad, dtype=np.int64)
        row[: len(ids)] = ids
        if not s.masked:
            return {"input_ids": row}
        mask = np.zeros(length, dtype=np.int64)
        mask[: len(ids)] = 1
        return {"input_ids": row, "attention_mask": mask}


def respelt(caption: str, spelling: str) -> str:
    """Return a caption as `TokenSettings.spelling` says; doing it twice changes nothing more.

    Examples:
        >>> respelt("A dog, at  Sea!", WORDS)
        'a dog at sea'
        >>> respelt("A dog,at sea!", SENTENCE)
        'a dog at sea.'
    """
    if spelling == AS_IT_IS:
        return caption
    lower = caption.lower()
    if spelling == LOWER:
        return lower
    if spelling == SENTENCE:
        return " ".join(lower.translate(_SPACES).split()) + "."
    return " ".join(lower.translate(_NO_PUNCTUATION).split())


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer that lies in a folder.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    if not any(path for pattern in _VOCABULARIES for path in folder.glob(pattern)):
        # The library would make an empty one up.
        raise InputError("holds no tokenizer", file=folder, expected=" or ".join(_VOCABULARIES))
    options: dict[str, Any] = {"local_files_only": True, "padding_side": "right"}
    try:
        try:
            return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **options)
        except ImportError:
            if not (folder / _WHOLE).is_file():
                raise
            # The class that is named wants another package; the file says all that it would do.
            return PreTrainedTokenizerFast.from_pretrained(folder, **options)
    except Exception as error:
        raise InputError(f"its tokenizer cannot be loaded ({why(error)})", file=folder) from error
