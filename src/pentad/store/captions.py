"""When two captions are the same one: exactly (one item) and loosely (one meaning)."""

from __future__ import annotations

import re
import string
import unicodedata

_ARTICLE = re.compile(r"^(?:a|an|the)\s+(?=\S)")


def clean_caption(text: str) -> str:
    """Return a caption as it is stored: Unicode NFC, surrounding blanks removed."""
    return unicodedata.normalize("NFC", text).strip()


def caption_key(text: str) -> str:
    """Return what two captions share when only case, punctuation or a leading article differ.

    Splits, evaluation and loss masks compare captions by this key. A caption made of nothing but
    punctuation keeps its own text, so that no two such captions are taken for one.

    Examples:
        >>> caption_key("A cat.") == caption_key("the  CAT") == "cat"
        True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = folded.translate(_DELETED).translate(_BLANKED).split()
    return _ARTICLE.sub("", " ".join(words)) or clean_caption(text)


class _Blanked(dict[int, str]):
    """Turns ASCII and Unicode punctuation into blanks, remembering each character it has met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        is_mark = char in string.punctuation or unicodedata.category(char).startswith("P")
        self[code] = " " if is_mark else char
        return self[code]


_DELETED = str.maketrans("", "", "'\u2019`")
_BLANKED = _Blanked()
