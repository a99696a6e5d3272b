"""EShot: the benchmark of E-MM1 that asks which class a sound or a point cloud belongs to.

    eshot/eshot_audio_info.csv         eshot_audio_id, youtube_id, ..., file_name, save_folder
          eshot_points_info.csv        eshot_point_id, file_id, file_name, save_folder
          category_to_audio_ids.json   {category: [eshot_audio_id, ...], ...}
          category_to_point_ids.json   {category: [file_id or eshot_point_id, ...], ...}

The media are not part of it: they lie at ``media_root/<save_folder>/audio/<file_name>`` and
``.../points/<file_name>``, or in folders of the same names beside the tables. Sounds may also lie
under ``video/``, clouds under ``point-clouds/``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import Modality
from pentad.sources.emm1.eshot_categories import CATEGORY_FILES, ItemKeys, Rows, read_categories
from pentad.sources.emm1.eshot_tables import read_info
from pentad.sources.emm1.layout import find_emm1
from pentad.sources.emm1.media_paths import MediaFolders, folders_of
from pentad.store.items import Items, item_schema

if TYPE_CHECKING:
    import polars as pl

_BELOW_ROOT, _BESIDE_TABLES = "eshot", "eshot-folder"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class EShot:
    """The tables of EShot and where its media are.

    A *row* is the position of an item in its info table, from 0; embedding matrices have the same
    order. An item that two categories name belongs to both.

    Attributes:
        folder: Where the tables are.
        media_root: What ``save_folder`` values are relative to.
        audio: The sounds, in file order.
        points: The clouds, in file order.
        categories: The classes: categories that have both sounds and clouds, sorted.
        audio_rows: Category -> rows of its sounds.
        points_rows: Category -> rows of its clouds.
        only_in: Categories that only one of the two files has, and which; they are no class.
    """

    folder: Path
    media_root: Path
    audio: pl.DataFrame
    points: pl.DataFrame
    categories: tuple[str, ...]
    audio_rows: Mapping[str, Rows]
    points_rows: Mapping[str, Rows]
    only_in: Mapping[str, str] = field(default_factory=dict)

    def table(self, modality: str) -> pl.DataFrame:
        """Return the info table of ``audio`` or ``points``."""
        return self.audio if _kind(modality) is Modality.AUDIO else self.points

    def rows(self, modality: str) -> Mapping[str, Rows]:
        """Return category -> rows of ``audio`` or ``points``."""
        return self.audio_rows if _kind(modality) is Modality.AUDIO else self.points_rows

    def paths(self, modality: str) -> list[Path]:
        """Return the file of every row; where there is none, the place where it belongs."""
        return [
            self._roots[source] / file for source, file in self._places[_kind(modality)].entries
        ]

    def present(self, modality: str) -> NDArray[np.bool_]:
        """Return for every row whether its file is there, as it was when this was first asked."""
        return self._places[_kind(modality)].present

    def missing(self, modality: str) -> Rows:
        """Return the rows whose file is not there."""
        return np.flatnonzero(~self.present(modality))

    def unclassed(self, modality: str) -> Rows:
        """Return the rows that no class names; they take no part."""
        named = np.concatenate(list(self.rows(modality).values()))
        return np.setdiff1d(np.arange(self.table(modality).height), named)

    def items(self, modality: str) -> Items:
        """Return the items whose file is there; their ids are their rows.

        Every file is read once, for its fingerprint. The concept of an item is its class, or
        nothing if it has none or several.
        """
        import polars as pl

        kind = _kind(modality)
        table, present = self.table(kind), np.flatnonzero(self.present(kind))
        concepts, entries = self._concepts(kind), self._places[kind].entries
        entries = [entries[row] for row in present]
        paths = [self._roots[source] / file for source, file in entries]
        columns: dict[str, object] = {
            kind.id_column: present,
            "file": [file for _, file in entries],
            "concept": [concepts[row] for row in present],
            "fingerprint": [fingerprint_file(path) for path in paths],
            "bytes": [path.stat().st_size for path in paths],
            "source": [source for source, _ in entries],
            "removed": [False] * len(present),
        }
        for name in ("source_dataset", "dataset_license"):
            known = table[name].gather(present).to_list() if name in table.columns else None
            columns[name] = known or [None] * len(present)
        schema = item_schema(kind)
        frame = pl.DataFrame({name: columns[name] for name in schema}, schema=schema)
        return Items(kind, frame, self._roots)

    def _concepts(self, modality: Modality) -> list[str | None]:
        found: list[list[str]] = [[] for _ in range(self.table(modality).height)]
        for category, rows in self.rows(modality).items():
            for row in rows.tolist():
                found[row].append(category)
        return [names[0] if len(names) == 1 else None for names in found]

    @cached_property
    def _roots(self) -> dict[str, Path]:
        return {_BELOW_ROOT: self.media_root, _BESIDE_TABLES: self.folder.parent}

    @cached_property
    def _places(self) -> dict[Modality, _Places]:
        folders = {name: MediaFolders(root) for name, root in self._roots.items()}
        return {
            kind: _find_media(self.table(kind), kind, folders, self.folder.name)
            for kind in (Modality.AUDIO, Modality.POINTS)
        }


def find_eshot(root: str | Path | None = None) -> Path:
    """Return the folder with the tables of EShot, in any layout of E-MM1 or given itself.

    Args:
        root: Such as a clone of the published repository; default what ``ROOT_DATA_PATH`` names.

    Raises:
        InputError: It is not there.
    """
    return find_emm1(root).of("eshot")


def load_eshot(folder: str | Path, *, media_root: str | Path | None = None) -> EShot:
    """Read the tables of EShot.

    Args:
        folder: Where the four files are; `find_eshot` finds it.
        media_root: What ``save_folder`` values are relative to; default the parent of ``folder``.

    Raises:
        InputError: A file is missing, damaged or a Git LFS pointer, two rows have one id, a
            category is empty or names an unknown item, or no category has both modalities.
    """
    home = Path(folder).absolute()
    tables = {kind: read_info(home, kind) for kind in CATEGORY_FILES}
    rows = {
        kind: read_categories(home, kind, ItemKeys(table, kind)) for kind, table in tables.items()
    }
    audio, points = rows[Modality.AUDIO], rows[Modality.POINTS]
    classes = tuple(sorted(audio.keys() & points.keys()))
    if not classes:
        names = " and ".join(CATEGORY_FILES.values())
        raise InputError(f"no category is in both {names}", file=home)
    return EShot(
        folder=home,
        media_root=home.parent if media_root is None else Path(media_root).absolute(),
        audio=tables[Modality.AUDIO],
        points=tables[Modality.POINTS],
        categories=classes,
        audio_rows={name: audio[name] for name in classes},
        points_rows={name: points[name] for name in classes},
        only_in=_tell_lonely(audio, points),
    )


def _tell_lonely(audio: Mapping[str, Rows], points: Mapping[str, Rows]) -> dict[str, str]:
    """Return and tell the categories of one file; without the other half there is no question."""
    lonely = dict.fromkeys(sorted(audio.keys() - points.keys()), CATEGORY_FILES[Modality.AUDIO])
    lonely |= dict.fromkeys(sorted(points.keys() - audio.keys()), CATEGORY_FILES[Modality.POINTS])
    for name, file in lonely.items():
        _log.warning("category %r is only in %s and is left out", name, file)
    return lonely


@dataclass(frozen=True, eq=False)
class _Places:
    """Where the media of one table are.

    Attributes:
        entries: Source and path below its root, for every row.
        present: Whether the file is there.
    """

    entries: list[tuple[str, str]]
    present: NDArray[np.bool_]


def _find_media(
    table: pl.DataFrame, kind: Modality, folders: Mapping[str, MediaFolders], beside: str
) -> _Places:
    names, save_folders = table["file_name"].to_list(), table["save_folder"].to_list()
    entries = [
        (_BELOW_ROOT, f"{save_folder}/{kind.value}/{name}")
        for save_folder, name in zip(save_folders, names, strict=True)
    ]
    present = np.zeros(len(names), dtype=np.bool_)
    for source, media in folders.items():
        for row in np.flatnonzero(~present).tolist():
            save_folder = save_folders[row] if source == _BELOW_ROOT else beside
            for folder in folders_of(kind):
                if not present[row] and media.in_folder(save_folder, folder, names[row : row + 1]):
                    entries[row] = (source, f"{save_folder}/{folder}/{names[row]}")
                    present[row] = True
    return _Places(entries, present)


def _kind(modality: str) -> Modality:
    if modality not in (Modality.AUDIO, Modality.POINTS):
        raise UnknownName("modality of EShot", str(modality), ["audio", "points"])
    return Modality(modality)
