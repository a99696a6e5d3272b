"""Ids that data sets share, found in the names of files.

    youtube    dQw4w9WgXcQ.wav   YdQw4w9WgXcQ.mp4   dQw4w9WgXcQ_30.wav   dQw4w9WgXcQ_000030.mp4
               dQw4w9WgXcQ_30_40.wav   YdQw4w9WgXcQ_30.000_40.000.wav   dQw4w9WgXcQ_30000_40000.wav
    freesound  1-100032-A-0.wav (ESC-50), 64760.wav of FSD50K, of WavCaps or of freesound itself
    coco       COCO_val2014_000000391895.jpg, 000000391895.jpg
    flickr     1000268201_693b08cb0e.jpg, 1000268201.jpg of Flickr8k or Flickr30k
    objaverse  32 hexadecimal digits
    name       any other name that says more than a word and a number; only a hint

The 11 characters of a YouTube id hold 64 bits, so the last one is one of 16. It and a mixture of
upper and lower case tell ids from words: of true ids, two or three in a thousand are of one case
and not recognized in a bare name; behind a ``Y`` and before times they are all the same.
Numbers at the end are the clip's start and end in seconds; two that are multiples of 1000 and at
least a second apart are milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from pentad.store.segments import segment_of

YOUTUBE, NAME = "youtube", "name"
CLIP_SECONDS = 10.0
"""How long a clip is taken to be of which only the start is known, as in VGGSound and AudioCaps."""

_ID = r"[A-Za-z0-9_-]{10}[AEIMQUYcgkosw048]"
_TIME = r"[0-9]{1,7}(?:\.[0-9]{1,6})?"
_YOUTUBE = re.compile(rf"(Y?)({_ID})(?:[_-]({_TIME})(?:[_-]({_TIME}))?)?")
_ADDRESS = re.compile(r"(?:youtu\.be/|youtube\.com/(?:watch\?v=|embed/|shorts/))([\w-]{11})")
_ESC = re.compile(r"[1-5]-([0-9]+)-[A-Z]-[0-9]{1,2}")
_COCO = re.compile(r"(?:COCO_(?:train|val|test)[0-9]{4}_)?([0-9]{12})")
_FLICKR = re.compile(r"([0-9]{8,11})(_[0-9a-f]{10})?")
_OBJAVERSE = re.compile(r"[0-9a-f]{32}")
_DULL = re.compile(r"[a-z]{0,12}[-_ .]?[0-9]{0,8}|[0-9a-f]{1,16}|[0-9_-]+", re.IGNORECASE)
_LEAST = 8


@dataclass(frozen=True, slots=True)
class ExternalId:
    """An id outside of a data set, and which part of what it names is meant.

    Attributes:
        scheme: Who gave the id.
        value: The id.
        start: Second at which the clip begins; None where it is not known.
        end: Second at which it ends; None where it is not known.
    """

    scheme: str
    value: str
    start: float | None = None
    end: float | None = None


def external_id(file: str, dataset: str | None = None) -> ExternalId | None:
    """Return the id that a file's name holds; None for a name that says nothing.

    Args:
        file: Path of the file; a segment ``#t=14,24`` at its end says the times.
        dataset: Name of the data set that it comes from, where it is known.

    Examples:
        >>> external_id("audio/YdQw4w9WgXcQ_30_40.wav")
        ExternalId(scheme='youtube', value='dQw4w9WgXcQ', start=30.0, end=40.0)
        >>> external_id("photographs.wav") is None
        True
    """
    part = segment_of(file)
    stem = _stem(part.file)
    found = _youtube(stem) or _numbered(stem, (dataset or "").lower())
    if found is None and len(stem) >= _LEAST and not _DULL.fullmatch(stem):
        found = ExternalId(NAME, stem.casefold())
    if found is None or (part.start is None and part.end is None):
        return found
    # Times within a clip are counted from its own beginning.
    first = (found.start or 0.0) + (part.start or 0.0)
    last = found.end if part.end is None else (found.start or 0.0) + part.end
    return ExternalId(found.scheme, found.value, first, last)


def youtube_id(text: str) -> str | None:
    """Return the id in the cell of a table: the id alone, or in an address of the site."""
    found = _ADDRESS.search(text)
    if found:
        return found[1]
    return text if re.fullmatch(r"[\w-]{11}", text, re.ASCII) else None


def _stem(file: str) -> str:
    name = PurePosixPath(file).name
    stem, dot, ending = name.rpartition(".")
    # The digits behind a dot may be those of a time: "Y<id>_30.000_40.000".
    return stem if dot and stem and not ending.isdigit() and len(ending) <= 5 else name


def _youtube(stem: str) -> ExternalId | None:
    found = _YOUTUBE.fullmatch(stem)
    if found is None:
        return None
    prefix, value, first, last = found.groups()
    sure = prefix or first
    if not _mixed(value) and not (sure and any(c.isdigit() or c in "-_" for c in value)):
        return None
    start, end = (None if text is None else float(text) for text in (first, last))
    if start is not None and end is not None:
        if end - start >= 1000 and start % 1000 == 0 and end % 1000 == 0:
            start, end = start / 1000, end / 1000
        if end <= start:
            end = None
    return ExternalId(YOUTUBE, value, start, end)


def _mixed(value: str) -> bool:
    """Tell a random mixture from a word: upper case behind the first letter, and lower case."""
    return any(c.isupper() for c in value[1:]) and any(c.islower() for c in value)


def _numbered(stem: str, dataset: str) -> ExternalId | None:
    if found := _ESC.fullmatch(stem):
        return ExternalId("freesound", found[1].lstrip("0"))
    if stem.isdigit() and any(name in dataset for name in ("freesound", "fsd50k", "wavcaps")):
        return ExternalId("freesound", stem.lstrip("0"))
    if found := _COCO.fullmatch(stem):
        return ExternalId("coco", found[1].lstrip("0"))
    flickr = _FLICKR.fullmatch(stem)
    if flickr and (flickr[2] or "flickr" in dataset):
        return ExternalId("flickr", flickr[1])
    return ExternalId("objaverse", stem) if _OBJAVERSE.fullmatch(stem) else None
