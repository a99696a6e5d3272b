"""The tables of splits of Karpathy and Fei-Fei, which COCO and Flickr30k are evaluated by.

    {"dataset": "coco", "images": [{"filepath": "val2014", "filename": "COCO_val2014_....jpg",
      "split": "test", "cocoid": 391895, "imgid": 0, "sentids": [770337, ...],
      "sentences": [{"raw": "A man with a red helmet ...", "sentid": 770337, "tokens": [...]}]}]}

They are `dataset_coco.json` and `dataset_flickr30k.json` of ``caption_datasets.zip`` at
https://cs.stanford.edu/people/karpathy/deepimagesent/. Only COCO has ``filepath`` and ``cocoid``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.evaluation.tasks.captions.captioned import Clip, Clips
from pentad.sources.published import published_json

FOLDERS = ("", "karpathy", "caption_datasets", "annotations")
"""Where a table may lie, relative to the folder of the pictures."""

_KEYS = ("images", "filepath", "filename", "split", "sentences", "raw", "sentid")


class KarpathySplit:
    """The test part of one table.

    Args:
        table: The table.

    Attributes:
        clips: Its pictures, named by their files.
        folders: File -> ``filepath``, where there is one.

    Raises:
        InputError: It cannot be read, or an entry is not what it should be; its number is told.
    """

    def __init__(self, table: Path) -> None:
        self.clips = Clips(table)
        self.folders: dict[str, str] = {}
        for number, entry in _entries(table):
            if _text(table, number, entry, "split") == "test":
                self._take(table, number, entry)

    def _take(self, table: Path, number: int, entry: dict[str, Any]) -> None:
        name = _text(table, number, entry, "filename")
        if name in self.folders:
            raise _wrong(table, number, "filename", "this picture is there already", name)
        self.folders[name] = str(entry.get("filepath") or "")
        clip = self.clips.clip(name, row=number)
        for id_, text in _sentences(table, number, entry):
            clip.captions.append((f"{name}#{id_}", text))

    def find(self, look_up: Callable[..., Path]) -> Callable[[Clip], Path]:
        """Return how to find the file of a picture: in its ``filepath``, else by its name."""
        return lambda clip: look_up(f"{self.folders[clip.id]}/{clip.id}".lstrip("/"), clip.id)


def _entries(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = published_json(table, _KEYS).get("images")
    if not isinstance(listed, list):
        raise InputError("there is no list of images in it", file=table, column="images")
    for number, entry in enumerate(listed, start=1):
        if not isinstance(entry, dict):
            raise InputError(f"image {number} is no object", file=table, column="images")
        yield number, entry


def _sentences(table: Path, number: int, entry: dict[str, Any]) -> Iterator[tuple[int, str]]:
    listed = entry.get("sentences")
    if not isinstance(listed, list) or not listed:
        raise _wrong(table, number, "sentences", "not a list of sentences", listed)
    for place, sentence in enumerate(listed):
        if not isinstance(sentence, dict):
            raise _wrong(table, number, "sentences", "not an object", sentence)
        id_ = sentence.get("sentid", place)
        if not isinstance(id_, int):
            raise _wrong(table, number, "sentid", "not a whole number", id_)
        yield id_, _text(table, number, sentence, "raw")


def _text(table: Path, number: int, entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(table, number, key, "text is missing here", value)
    return value.strip()


def _wrong(table: Path, number: int, key: str, message: str, seen: object) -> InputError:
    shown = repr(seen)[:80]
    return InputError(f"image {number}: {message}", file=table, column=key, seen=shown)
