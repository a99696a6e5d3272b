"""A folder of media files, each with its captions in a text file of the same name.

What counts:

- media are recognized by their extension; the captions of ``a/x.png`` are the lines of ``a/x.txt`` or
  ``a/x.png.txt``, and belong to every media file of that name;
- a media file without captions is an item all the same, one that can be found but does not search;
- a ``.txt`` file without a media file is refused, and so is a file whose extension is unknown;
- hidden files, documents (README, LICENSE and the like, tables, ``.md``, ``.json`` ...) and what belongs
  to other files (``.mtl``, ``.bin``) are no media and are passed over;
- links to files are followed while they stay inside; linked folders are not entered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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

Captions = list[tuple[int, str]]
"""Line and caption."""


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
            collector.refuse(path, refused)
    reader = _Folder(collector, Locator(root), files)
    if modality is Modality.TEXT:
        reader.add_texts()
    else:
        reader.add_media(modality)
    return collector.listing()


class _Folder:
    """The visible files of one folder, sorted into media, captions and the rest."""

    def __init__(self, collector: Collector, locator: Locator, files: Sequence[str]) -> None:
        self._collector = collector
        self._locator = locator
        self._media = [path for path in files if modality_of(path) is not None]
        self._texts = [path for path in files if _is_text(path)]
        known = {*self._media, *self._texts}
        self._unknown = [p for p in files if p not in known and not is_document(p)]

    def add_texts(self) -> None:
        """Take every line of every text file as a caption that belongs to no file."""
        for path in self._texts:
            for line, caption in self._captions(path, Modality.TEXT):
                self._add(Entry(Modality.TEXT, "", caption, where=f"{path}:{line}"), path, line)

    def add_media(self, modality: Modality | None) -> None:
        """Take the media files, of one modality or of all."""
        texts_of = defaultdict(list)
        for path in self._texts:
            texts_of[str(PurePosixPath(path).with_suffix(""))].append(path)
        read: dict[str, Captions] = {}
        for path in self._media:
            kind = _taken_as(path, modality)
            names = (str(PurePosixPath(path).with_suffix("")), path)
            texts = [text for name in names for text in texts_of.pop(name, ())]
        for path in self._unknown:
            self._collector.refuse(path, _unknown(path), modality=modality)


def _is_text(path: str) -> bool:
    return path.lower().endswith(".txt") and not is_document(path)
