"""`MediaFiles`: finds the files of a benchmark by name or by stem, and keeps within its root."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path, PurePosixPath

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.media.formats import EXTENSIONS
from pentad.sources.locate import Locator, check_name
from pentad.sources.refusal import Refused


class MediaFiles:
    """Looks for files below some folders of one benchmark; each folder is listed once.

    Args:
        root: Folder that holds the benchmark; nothing outside it is ever returned.
        folders: Where names are looked up, relative to `root`; the first that has the file wins.
    """

    def __init__(self, root: Path, folders: Sequence[str] = ("",)) -> None:
        self.root = root
        self._folders = folders
        self._locator = Locator(root)
        self._names = lru_cache(maxsize=None)(self._list_names)
        self._stems = lru_cache(maxsize=None)(self._list_stems)

    def find(self, *names: str) -> Path:
        """Return the first of ``names`` that is there.

        Surrounding blanks and the Unicode spelling of accents may differ from the disk's.

        Raises:
            Refused: A name is empty or leads outside, or none of them is a regular file.
        """
        for name in names:
            check_name(name)
            for path in self._below(name):
                there = self._names(str(path.parent))
                spelled = there.get(path.name) or there.get(_folded(path.name))
                if spelled is not None:
                    return self._checked(path.with_name(spelled))
        raise Refused(Reason.MISSING_FILE, f"{names[0]!r} is not there")

    def find_stem(self, stems: Sequence[str], *modalities: Modality) -> Path:
        """Return the first file named as one of ``stems``, with any ending of some modalities.

        Those of an earlier modality come first, then an earlier stem, then an earlier folder.

        Raises:
            Refused: As `find`.
        """
        for modality, stem in product(modalities, stems):
            check_name(stem)
            for path in self._below(stem):
                for ending, spelled in self._stems(str(path.parent)).get(path.name, ()):
                    if ending in EXTENSIONS[modality]:
                        return self._checked(path.with_name(spelled))
        raise Refused(Reason.MISSING_FILE, f"no {modalities[0]} named {stems[0]!r} is there")

    def _below(self, name: str) -> Iterable[PurePosixPath]:
        return (PurePosixPath(os.path.normpath(f"{folder}/{name}" if folder else name))
                for folder in self._folders)  # fmt: skip

    def _checked(self, path: PurePosixPath) -> Path:
        self._locator.check(path.as_posix())
        return self.root / path

    def _list_names(self, folder: str) -> dict[str, str]:
        try:
            names = sorted(path.name for path in (self.root / folder).iterdir())
        except OSError:
            return {}
        return {_folded(name): name for name in reversed(names)} | {name: name for name in names}

    def _list_stems(self, folder: str) -> dict[str, list[tuple[str, str]]]:
        stems: dict[str, list[tuple[str, str]]] = {}
        for name in sorted(set(self._names(folder).values())):
            path = PurePosixPath(name)
            stems.setdefault(path.stem, []).append((path.suffix.lower(), name))
        return stems


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
