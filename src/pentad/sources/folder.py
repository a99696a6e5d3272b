"""A folder of media files, each with its captions in a text file of the same name.

What counts:

- media are recognized by their extension; the captions of ``a/x.png`` are the lines of
  ``a/x.txt`` or ``a/x.png.txt``, and belong to every media file of that name;
- a media file without captions is an item all the same, one that can be found but does not search;
- a ``.txt`` file without a media file is refused, and so is a file whose extension is unknown;
- hidden files, documents (README, LICENSE and the like, tables, ``.md``, ``.json`` ...) and what
  belongs to other files (``.mtl``, ``.bin``) are no media and are passed over;
- links to files are followed while they stay inside; linked folders are not entered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.media.formats import EXTENSIONS, modality_of
from pentad.sources.collect import Collector, Entry, checked_caption
from pentad.sources.lines import checked_text, numbered_lines, open_text
from pentad.sources.locate import Locator
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.walk import is_document, walk
from pentad.store.listing import Listing


def list_folder(root: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the media files of a folder with their captions, in path order.

    Args:
        root: The folder.
        modality: Take only files with an extension of this modality. With ``text`` every line of
            every ``.txt`` file is a caption that belongs to no file. None takes all media.
        name: Name of the source.
    """
    collector = Collector(name, root)
    files = []
    for path, refused in walk(root):
        if refused is None:
            files.append(path)
        else:
            collector.refuse(path, refused, modality=modality)
    reader = _Reader(collector, Locator(root), modality)
    texts = [path for path in files if _is_text(path)]
    if modality is Modality.TEXT:
        for path in texts:
            reader.add(Modality.TEXT, "", [path])
        return collector.listing()
    media = [path for path in files if modality_of(path) is not None]
    owners = _owners(texts, media)
    for path in media:
        if (kind := _taken_as(path, modality)) is not None:
            reader.add_media(kind, path, owners.get(path, ()))
    reader.refuse_rest(files, {*media, *(text for found in owners.values() for text in found)})
    return collector.listing()


class _Reader:
    """Adds files and their captions to a collector; each text file is read once."""

    def __init__(self, collector: Collector, locator: Locator, modality: Modality | None) -> None:
        self._collector = collector
        self._locator = locator
        self._modality = modality
        self._captions = cache(self._read)

    def add_media(self, kind: Modality, path: str, texts: Sequence[str]) -> None:
        """Add one media file with the captions of its text files, or without any."""
        try:
            self._locator.check(path)
        except Refused as refused:
            self._collector.refuse(path, refused, modality=kind)
            return
        if not self.add(kind, path, texts):
            self._collector.add(Entry(kind, path, None))

    def add(self, kind: Modality, file: str, texts: Sequence[str]) -> int:
        """Add one row for each caption; return how many there are."""
        added = 0
        for text in texts:
            for line, caption in self._captions(text):
                try:
                    self._collector.add(Entry(kind, file, caption, where=f"{text}:{line}"))
                    added += 1
                except Refused as refused:
                    self._collector.refuse(text, refused, modality=kind, line=line)
        return added

    def refuse_rest(self, files: Sequence[str], used: set[str]) -> None:
        """List text files without media, and files of unknown kind."""
        for path in files:
            if path in used or is_document(path):
                continue
            refused = Refused(Reason.UNSUPPORTED, "the extension is not that of a known format")
            if _is_text(path):
                refused = Refused(Reason.MISSING_FILE, "captions without a media file of that name")
            self._collector.refuse(path, refused, modality=self._modality)

    def _read(self, path: str) -> list[tuple[int, str]]:
        """Return line and caption of everything usable in a text file."""
        captions = []
        nothing = True
        try:
            self._locator.check(path)
            with open_text(self._collector.root / path, newline="") as text:
                for number, line in numbered_lines(text):
                    if line is None or line.strip():
                        nothing = False
                        captions += self._caption(path, number, line)
            if nothing:
                raise Refused(Reason.EMPTY_CAPTION, "the file holds no caption")
        except OSError as error:
            self._collector.refuse(path, unreadable(error), modality=self._modality)
        except Refused as refused:
            self._collector.refuse(path, refused, modality=self._modality)
        return captions

    def _caption(self, path: str, number: int, line: str | None) -> list[tuple[int, str]]:
        try:
            if line is None:
                raise Refused(Reason.TOO_LARGE, "the line is too long to be a caption")
            return [(number, checked_caption(checked_text(line)))]
        except Refused as refused:
            self._collector.refuse(path, refused, modality=self._modality, line=number)
            return []


def _is_text(path: str) -> bool:
    return path.lower().endswith(".txt") and not is_document(path)


def _taken_as(path: str, modality: Modality | None) -> Modality | None:
    """Return what a media file counts as when only ``modality`` is asked for, if anything."""
    if modality is None:
        return modality_of(path)
    return modality if PurePosixPath(path.lower()).suffix in EXTENSIONS[modality] else None


def _owners(texts: Sequence[str], media: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return media file -> its text files."""
    by_name = defaultdict(list)
    for path in media:
        by_name[path].append(path)
        by_name[str(PurePosixPath(path).with_suffix(""))].append(path)
    found = defaultdict(list)
    for text in texts:
        for path in by_name.get(text[: -len(".txt")], ()):
            found[path].append(text)
    return found
