"""Captions as rows of token ids, padded to one of a few lengths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError
from pentad.encoders.families.network import Feed

_STEP = 8


@dataclass(frozen=True)
class TokenSettings:
    """How captions are cut and padded.

    Attributes:
        most: Tokens a caption may have; longer ones are cut.
        fixed: Whether every caption is padded to ``most``, as some models were trained; else to the
            next multiple of 8, so that captions of like length share a run and none is long.
        masked: Whether the network is told which tokens are padding.
    """

    most: int
    fixed: bool = False
    masked: bool = True


class Tokens:
    """The tokenizer of a folder."""

    def __init__(self, folder: Path, settings: TokenSettings) -> None:
        self._settings = settings
        self._tokenizer = load_tokenizer(folder)
        pad = self._tokenizer.pad_token_id
        self._pad = self._tokenizer.eos_token_id if pad is None else pad
        if self._pad is None:
            self._pad = 0

    def feed(self, caption: str) -> Feed:
        """Return ``input_ids`` and, where the network wants it, ``attention_mask``, int64 (n,)."""
        s = self._settings
        ids = self._tokenizer(caption, truncation=True, max_length=s.most)["input_ids"]
        length = s.most if s.fixed else min(s.most, -(-max(1, len(ids)) // _STEP) * _STEP)
        row = np.full(length, self._pad, dtype=np.int64)
        row[: len(ids)] = ids
        if not s.masked:
            return {"input_ids": row}
        mask = np.zeros(length, dtype=np.int64)
        mask[: len(ids)] = 1
        return {"input_ids": row, "attention_mask": mask}


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer that lies in a folder.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, padding_side="right"
        )
    except Exception as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)[:160]
        raise InputError(f"its tokenizer cannot be loaded ({why})", file=folder) from error
