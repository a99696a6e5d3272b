"""The metadata that clip-retrieval writes beside its embeddings.

    DIR/metadata/metadata_0.parquet    image_path, caption, and columns of the input's JSON
    DIR/img_emb/img_emb_0.npy          not read here

``image_path`` is the path of a file as ``clip-retrieval inference`` was given it (seen from the
folder where it ran), or, if it read tars, the key of a sample, without an ending. A path is looked
up below the media root as it is, and by what follows the media root's own name in it; a key in the
tars below the media root. By default that is DIR itself, or the folder DIR lies in if the first
file is found there. The format is that of github.com/rom1504/clip-retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.media.formats import modality_of
from pentad.sources.collect import Collector, Entry, Facts, checked_caption
from pentad.sources.hf_tables import opened, read_rows
from pentad.sources.lines import checked_text
from pentad.sources.locate import Locator
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.walk import walk
from pentad.sources.webdataset import kind_of, sample_key
from pentad.store.captions import clean_caption
from pentad.store.listing import Listing
from pentad.store.tars import tar_index

_TABLE = re.compile(r"metadata_(\d{1,9})\.parquet")
_PATH, _CAPTION = "image_path", "caption"
_FACTS = ("concept", "source_dataset", "license")


def metadata_tables(folder: Path) -> list[Path]:
    """Return the tables of a folder that clip-retrieval wrote, in the order of their numbers."""
    found = [(match, path) for path in folder.glob("metadata/metadata_*.parquet")
             if (match := _TABLE.fullmatch(path.name))]  # fmt: skip
    return [path for match, path in sorted(found, key=lambda each: int(each[0][1]))]


def list_clip_retrieval(
    root: Path, *, modality: Modality | None, name: str, media_root: Path | None = None
) -> Listing:
    """Return the pictures that clip-retrieval has embedded, in its order.

    Args:
        root: The folder that holds ``metadata/``.
        modality: None or ``image``. With ``text`` the captions alone.
        name: Name of the source.
        media_root: Where the pictures, or the tars of them, lie.

    Raises:
        InputError: No table is there, or another modality is asked for.
    """
    tables = metadata_tables(root)
    if not tables:
        raise InputError("no metadata/metadata_0.parquet in it", file=root)
    if modality not in (None, Modality.IMAGE, Modality.TEXT):
        raise InputError(f"clip-retrieval keeps images and captions, no {modality}", file=root)
    collector = Collector(name, media_root or _media_root(root, tables))
    finder = None if modality is Modality.TEXT else _Finder(collector.root)
    for table in tables:
        path = table.relative_to(root).as_posix()
        try:
            _collect(collector, table, path, finder)
        except OSError as error:
            collector.refuse(path, unreadable(error), modality=modality)
        except Refused as refused:
            collector.refuse(path, refused, modality=modality)
    return collector.listing()


def _collect(collector: Collector, table: Path, path: str, finder: _Finder | None) -> None:
    kind = Modality.TEXT if finder is None else Modality.IMAGE
    for line, cells in _cells(table, path_needed=finder is not None):
        try:
            file = "" if finder is None else finder.find(checked_text(cells.get(_PATH)) or "")
            told = checked_text(cells.get(_CAPTION), _CAPTION)
            is_wanted = finder is None or (told or "").strip()
            caption = checked_caption(told, _CAPTION) if is_wanted else None
            where = f"{path}, row {line}"
            collector.add(Entry(kind, file, caption, _facts(cells), where))
        except Refused as refused:
            refused.column = refused.column or _PATH
            collector.refuse(path, refused, modality=kind, line=line)


def _cells(table: Path, *, path_needed: bool) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with opened(table) as source:
        names = source.schema.names
        for column in (_PATH,) if path_needed else (_CAPTION,):
            if column not in names:
                hint = "; without pictures it lists captions alone: say modality 'text'"
                detail = f"column {column} is missing{hint if path_needed else ''}"
                raise Refused(Reason.MISSING_COLUMN, detail, column=column)
        columns = [n for n in (_PATH, _CAPTION, *_FACTS) if n in names]
        yield from enumerate(read_rows(source, columns), start=1)


def _facts(cells: Mapping[str, Any]) -> Facts:
    concept, dataset, license_ = (cells.get(name) for name in _FACTS)
    return _plain(concept), _plain(dataset), _plain(license_)


def _plain(value: object) -> str | None:
    return clean_caption(value) or None if isinstance(value, str) else None


def _media_root(root: Path, tables: list[Path]) -> Path:
    """Return the folder itself, or the one it lies in if the first picture is found there."""
    try:
        _, cells = next(_cells(tables[0], path_needed=True))
        _Finder(root.parent).find(str(cells.get(_PATH) or ""))
    except (OSError, Refused, StopIteration):
        return root
    return root.parent


class _Finder:
    """Finds pictures by the paths and keys that clip-retrieval notes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._locator = Locator(root)
        self._members: dict[str, list[str]] | None = None

    def find(self, name: str) -> str:
        """Return the picture's path below the root, which may be that of a member of a tar."""
        if name.strip() and modality_of(name) is None:
            return self._member(name.strip())
        try:
            return self._locator.find(self._below(name))
        except Refused as refused:
            if refused.reason is Reason.MISSING_FILE and self._root.name in name.split("/"):
                _, _, rest = f"/{name}".rpartition(f"/{self._root.name}/")
                return self._locator.find(rest)
            raise

    def _below(self, name: str) -> str:
        """Return an absolute path that lies below the root as a relative one."""
        path = PurePosixPath(name.strip())
        if path.is_absolute() and path.is_relative_to(self._root):
            return str(path.relative_to(self._root))
        return name

    def _member(self, key: str) -> str:
        if self._members is None:
            self._members = _images_by_key(self._root)
        found = self._members.get(key.removeprefix("./"), [])
        if not found:
            raise Refused(Reason.MISSING_FILE, f"no tar below {self._root.name} has {key!r}")
        if len(found) > 1:
            raise Refused(Reason.CONFLICT, f"{key!r} is both {found[0]} and {found[1]}")
        return found[0]


def _images_by_key(root: Path) -> dict[str, list[str]]:
    """Return sample -> its pictures in the tars below a folder."""
    found: dict[str, list[str]] = {}
    locator = Locator(root)
    for name, refused in walk(root):
        if refused is None and name.lower().endswith(".tar"):
            locator.check(name)
            for member in tar_index(root / name).members:
                if kind_of(member) is Modality.IMAGE:
                    found.setdefault(sample_key(member), []).append(f"{name}/{member}")
    return found
