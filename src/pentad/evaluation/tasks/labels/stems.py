"""`StemFiles`: media files anywhere below a root, looked up by name without folder and ending."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Gathered
from pentad.evaluation.tasks.table import unreadable
from pentad.media.files import printable
from pentad.media.formats import EXTENSIONS
from pentad.sources.locate import Locator
from pentad.sources.refusal import Refused

SHOWN = 4


class StemFiles:
    """The files of a benchmark whose folders are up to who downloaded it. Read once, at the start.

    Links to folders are not followed, and links to files only within the root.

    Args:
        root: Folder that holds them.
        endings: Endings of files that count, with their dot, in lower case.
        liked: Those that are preferred where files differ in nothing else, best first.

    Attributes:
        passed: Names of folders that were not entered: links, and what may not be read.

    Raises:
        InputError: The root cannot be read.
    """

    def __init__(self, root: Path, endings: Iterable[str], *, liked: Sequence[str] = ()) -> None:
        self.root = root
        self.endings = frozenset(endings)
        self.passed: list[str] = []
        self._rank: Mapping[str, int] = {ending: rank for rank, ending in enumerate(liked)}
        self._locator = Locator(root)
        self._paths: dict[str, str] = {}
        self._others: dict[str, str] = {}
        for folder, names in self._walk():
            for name in names:
                self._take(f"{folder}{name}", *_split(name))

    def find(self, stems: Iterable[str]) -> Path:
        """Return the file of the first of ``stems`` that has one.

        Raises:
            Refused: None is there, or it leads outside the root.
        """
        names = tuple(stems)
        found = next((self._paths[stem] for stem in names if stem in self._paths), None)
        if found is not None:
            self._locator.check(found)
            return self.root / found
        other = next((self._others[stem] for stem in names if stem in self._others), None)
        if other is not None:
            raise Refused(Reason.UNSUPPORTED, f"only {other!r} is there, of another kind")
        raise Refused(Reason.MISSING_FILE, f"no file named {names[0]!r} is there")

    def notes(self, items: Gathered) -> tuple[str, ...]:
        """Return a note on folders that were not entered, if any item is missing."""
        if not self.passed or not items.absent:
            return ()
        names = ", ".join(map(printable, self.passed[:SHOWN]))
        more = "" if len(self.passed) <= SHOWN else f" and {len(self.passed) - SHOWN:,} more"
        return (f"not entered, being links or not readable: {names}{more}",)

    def _walk(self) -> Iterable[tuple[str, list[str]]]:
        """Yield every folder, as a prefix relative to the root, with its files, sorted."""

        def fail(error: OSError) -> None:
            if Path(error.filename) == self.root:
                raise unreadable(self.root, error)
            self.passed.append(Path(error.filename).name)

        for folder, folders, names in os.walk(self.root, onerror=fail):
            folders.sort()
            self.passed += [name for name in folders if (Path(folder) / name).is_symlink()]
            folders[:] = [name for name in folders if not name.startswith(".")]
            inner = os.path.relpath(folder, self.root)
            yield ("" if inner == "." else f"{inner}/"), sorted(names)

    def _take(self, path: str, stem: str, ending: str) -> None:
        small = ending.lower()
        if small not in self.endings:
            self._others.setdefault(stem, path)
            return
        earlier = self._paths.get(stem)
        if earlier is None or self._order(small) < self._order(_split(earlier)[1].lower()):
            self._paths[stem] = path

    def _order(self, ending: str) -> int:
        return self._rank.get(ending, len(self._rank))


def sound_files(root: Path) -> StemFiles:
    """Return the sounds below a root; where one is missing, a video for its sound track."""
    sounds = EXTENSIONS[Modality.AUDIO]
    return StemFiles(root, sounds | EXTENSIONS[Modality.VIDEO], liked=sorted(sounds))


def video_files(root: Path) -> StemFiles:
    """Return the videos below a root."""
    return StemFiles(root, EXTENSIONS[Modality.VIDEO])


def point_files(root: Path) -> StemFiles:
    """Return the clouds and meshes below a root; clouds go before meshes."""
    return StemFiles(root, EXTENSIONS[Modality.POINTS], liked=(".npy", ".ply", ".glb", ".gltf"))


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, f".{ending}") if dot else (name, "")
