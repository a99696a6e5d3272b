"""COCO captions, in the format that its site describes under "Data format".

    DIR/annotations/captions_train2017.json
        images:      id, file_name, license
        annotations: id, image_id, caption           about five a picture
        licenses:    id, name, url
    DIR/train2017/000000391895.jpg

Pictures lie in a folder named after the part, in ``images/`` above it or not, or beside one
another. Each has the licence of its photograph: the address where that is one of Creative Commons,
else the name. Pictures that no caption names are items all the same. There is no concept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from pentad.core.errors import InputError, Reason
from pentad.core.licenses import CUSTOM, parse_license
from pentad.core.modality import Modality
from pentad.sources.collect import Collector, Entry, Facts, checked_caption
from pentad.sources.lines import checked_text
from pentad.sources.locate import Locator
from pentad.sources.published import published_json
from pentad.sources.refusal import Refused
from pentad.store.listing import Listing

_TABLE = re.compile(r"captions_(\w+)\.json")
_KEYS = ("images", "annotations", "licenses", "id", "file_name", "license", "image_id", "caption",
         "name", "url")  # fmt: skip


def coco_tables(folder: Path) -> list[Path]:
    """Return the tables of captions of a folder laid out as COCO is."""
    return sorted(p for p in folder.glob("annotations/captions_*.json") if _TABLE.fullmatch(p.name))


def list_coco(
    root: Path, *, modality: Modality | None, name: str, media_root: Path | None = None
) -> Listing:
    """Return pictures and captions of every part whose captions are there.

    Args:
        root: The folder that holds ``annotations/``.
        modality: None or ``image``. With ``text`` the captions alone.
        name: Name of the source.
        media_root: Where the folders of pictures lie; by default ``root``.

    Raises:
        InputError: No captions are there, they cannot be read, or another modality is asked for.
    """
    tables = coco_tables(root)
    if not tables:
        raise InputError("no annotations/captions_*.json in it", file=root)
    if modality not in (None, Modality.IMAGE, Modality.TEXT):
        raise InputError(f"COCO holds images and captions and no {modality}", file=root)
    collector = Collector(name, root if media_root is None else media_root)
    for table in tables:
        content = published_json(table, _KEYS)
        part = _Part(collector, table.relative_to(root).as_posix(), content)
        if modality is Modality.TEXT:
            part.collect_captions()
        else:
            part.collect()
    return collector.listing()


class _Part:
    """One table of captions with its folder of pictures."""

    def __init__(self, collector: Collector, table: str, content: Mapping[str, Any]) -> None:
        self._collector = collector
        self._table = table
        self._content = content
        part = table.rpartition("/")[2].removeprefix("captions_").removesuffix(".json")
        folders = (part, f"images/{part}", "images", "")
        self._locator = Locator(collector.root, folders)
        self._captions: dict[int, list[str]] = {}
        self._known: set[int] = set()

    def collect(self) -> None:
        """Add the pictures in their order, each with its captions."""
        licenses = _licenses(self._content.get("licenses"))
        self._known = {i["id"] for i in self._entries("images") if _is_id(i.get("id"))}
        self._each("annotations", self._annotation)
        self._each("images", lambda image: self._image(image, licenses))

    def collect_captions(self) -> None:
        """Add the captions alone."""
        self._each("annotations", self._caption)

    def _entries(self, key: str) -> list[dict[str, Any]]:
        listed = self._content.get(key)
        if not isinstance(listed, list):
            detail = f"there is no list of {key} in it"
            self._refuse(Refused(Reason.MISSING_COLUMN, detail, column=key), None)
            return []
        return [entry if isinstance(entry, dict) else {} for entry in listed]

    def _each(self, key: str, take: Callable[[dict[str, Any]], None]) -> None:
        """Give each entry of a list to ``take``; rejections say which one of the list it is."""
        for number, entry in enumerate(self._entries(key), start=1):
            try:
                take(entry)
            except Refused as refused:
                self._refuse(Refused(refused.reason, f"{key}: {refused.detail}",
                                     column=refused.column), number)  # fmt: skip

    def _annotation(self, entry: dict[str, Any]) -> None:
        image = entry.get("image_id")
        if not _is_id(image) or image not in self._known:
            raise Refused(Reason.BAD_ROW, f"there is no image {image!r}", column="image_id")
        captions = self._captions.setdefault(image, [])
        caption = checked_caption(checked_text(entry.get("caption"), "caption"), "caption")
        if caption in captions:
            raise Refused(Reason.DUPLICATE, f"image {image} has this caption", column="caption")
        captions.append(caption)

    def _image(self, entry: dict[str, Any], licenses: Mapping[int, str]) -> None:
        if not _is_id(entry.get("id")):
            raise Refused(Reason.BAD_ROW, f"{entry.get('id')!r} is no id", column="id")
        captions = self._captions.pop(entry["id"], [])
        try:
            file = self._locator.find(checked_text(entry.get("file_name")) or "")
        except Refused as refused:
            detail = f"{refused.detail}; its {len(captions)} captions are left out with it"
            raise Refused(refused.reason, detail, column="file_name") from None
        license_ = entry.get("license")
        facts: Facts = (None, "COCO", licenses.get(license_) if _is_id(license_) else None)
        each: list[str] | list[None] = captions or [None]
        for caption in each:
            self._collector.add(Entry(Modality.IMAGE, file, caption, facts, f"image {entry['id']}"))

    def _caption(self, entry: dict[str, Any]) -> None:
        caption = checked_caption(checked_text(entry.get("caption"), "caption"), "caption")
        self._collector.add(Entry(Modality.TEXT, "", caption, (None, "COCO", None)))

    def _refuse(self, refused: Refused, number: int | None) -> None:
        self._collector.refuse(self._table, refused, modality=Modality.IMAGE, line=number)


def _licenses(listed: object) -> dict[int, str]:
    """Return number -> licence, as an address where that tells more than the name."""
    found = {}
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and _is_id(entry.get("id")):
            texts = [entry.get(key) for key in ("url", "name")]
            known = [text for text in texts if isinstance(text, str) and text.strip()]
            told = [text for text in known if parse_license(text).family != CUSTOM]
            if known:
                found[entry["id"]] = (told or known[::-1])[0].strip()
    return found


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
