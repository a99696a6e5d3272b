"""What the small files of a WebDataset sample say: captions, licence, source, concept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pentad.core.errors import Reason
from pentad.sources.collect import Facts, checked_caption
from pentad.sources.lines import checked_text, decoded_text, numbered_lines
from pentad.sources.refusal import Refused
from pentad.store.captions import clean_caption

CAPTION_KEYS = ("caption", "captions", "text", "texts")
FACT_KEYS: Mapping[str, Sequence[str]] = {
    "concept": ("concept",),
    "source_dataset": ("source_dataset", "source"),
    "dataset_license": ("dataset_license", "license", "licence"),
}
TEXT_SUFFIXES = (".txt", ".json", ".cls")
SMALL = 1 << 24
"""Bytes above which a file of captions is none."""

Told = Callable[[Refused, str], None]
"""Takes what is refused, and the member that it stands in."""


@dataclass
class Said:
    """What is said of one sample.

    Attributes:
        captions: Its captions, each once, in the order of members and lines.
        facts: Concept, source data set and licence, the first value of each.
    """

    captions: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def as_facts(self) -> Facts:
        """The facts in the order of the columns of a listing."""
        concept, dataset, license_ = (self.facts.get(name) for name in FACT_KEYS)
        return concept, dataset, license_


def read_said(texts: Iterator[tuple[str, bytes]], tell: Told) -> Said:
    """Read the captions and facts of one sample.

    Args:
        texts: Name and content of its ``.txt``, ``.json`` and ``.cls`` members.
        tell: Called for each line, key or member that cannot be used; the others count.
    """
    said, classes = Said(), []
    for name, data in texts:
        suffix = name.lower()[name.rfind(".") :]
        if suffix == ".txt":
            _add(said, _lines(name, data, tell))
        elif suffix == ".cls":
            classes += [text for text in _lines(name, data, tell) if text]
        else:
            _json(said, name, data, tell)
    if classes and "concept" not in said.facts:  # a name says more than a number
        said.facts["concept"] = classes[0]
    return said


def _add(said: Said, captions: Iterator[str]) -> None:
    said.captions += [c for c in dict.fromkeys(captions) if c not in said.captions]


def _lines(name: str, data: bytes, tell: Told) -> Iterator[str]:
    if not data.strip():
        tell(Refused(Reason.EMPTY_CAPTION, "the file holds no caption"), name)
    for number, line in numbered_lines(decoded_text(data, newline="")):
        try:
            if line is None:
                raise Refused(Reason.TOO_LARGE, "the line is too long to be a caption")
            if line.strip():
                yield checked_caption(checked_text(line))
        except Refused as refused:
            refused.line = number
            tell(refused, name)


def _json(said: Said, name: str, data: bytes, tell: Told) -> None:
    try:
        value = json.loads(data)
        if not isinstance(value, dict):
            raise ValueError(f"{type(value).__name__} where an object is expected")
    except (ValueError, RecursionError) as error:
        tell(Refused(Reason.BAD_ROW, f"not a JSON object ({error})"), name)
        return
    for key in CAPTION_KEYS:
        _add(said, _captions(value.get(key), key, name, tell))
    for fact, keys in FACT_KEYS.items():
        found = next((_fact(value[k]) for k in keys if _fact(value.get(k))), None)
        if found:
            said.facts.setdefault(fact, found)


def _captions(value: Any, key: str, name: str, tell: Told) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        try:
            if each is not None:
                yield checked_caption(checked_text(each, key), key)
        except Refused as refused:
            tell(refused, name)


def _fact(value: object) -> str | None:
    """Return a fact as text; what is no plain text or number says nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    try:
        return clean_caption(checked_text(value) or "") or None
    except Refused:
        return None
