"""What a model answered, as a caption, or the reason why it is none."""

from __future__ import annotations

import re
import unicodedata

from pentad.core.errors import DecodeError, Reason

LONGEST = 4000
"""Letters of a caption beyond which something went wrong."""

_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


def caption_of(answer: str) -> str | DecodeError:
    """Return an answer as a caption: one line, NFC, without what the model thought aloud."""
    text = _THOUGHTS.sub("", answer)
    if text.lstrip().startswith("<think>"):
        return DecodeError(Reason.TRUNCATED, "the answer ends before the model has said anything")
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_printed(c))
    caption = unicodedata.normalize("NFC", " ".join(kept.split()))
    if not caption:
        return DecodeError(Reason.EMPTY_CAPTION, "the answer is empty")
    if len(caption) > LONGEST:
        return DecodeError(Reason.TOO_LARGE, f"an answer of {len(caption):,} letters")
    try:
        caption.encode()
    except UnicodeEncodeError:
        return DecodeError(Reason.WRONG_ENCODING, "the answer is not Unicode text")
    return caption


def cut_short(tokens: int) -> DecodeError:
    """Return the refusal of an answer that has no end."""
    return DecodeError(
        Reason.TRUNCATED, f"the answer was cut at {tokens} tokens; allow more with --max-tokens"
    )


def _is_printed(letter: str) -> bool:
    """Return whether a letter may stay: everything but controls, which terminals obey."""
    return unicodedata.category(letter) != "Cc"
