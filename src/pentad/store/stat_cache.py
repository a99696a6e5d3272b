"""Remembers the SHA-256 of files whose size and modification time have not changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pentad.store.atomic import replacing
from pentad.store.describe import Describer
from pentad.store.places import container_of
from pentad.store.remote.files import FilePath, RemoteFile
from pentad.store.segments import segment_of

if TYPE_CHECKING:
    from pentad.store.items import Schema


class _Known(NamedTuple):
    """Size and time of the file on disk, and SHA-256 and size of what is asked for in it."""

    on_disk: int
    mtime_ns: int
    sha256: str
    size: int


class StatCache:
    """A `Describe` backed by a table in the workspace's cache folder; safe to delete.

    What lies in a tar or a table is as new as that file, a segment as the file it is of.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)
        self._seen: dict[str, _Known] = {}
        self._describe = Describer()

    def __call__(self, path: FilePath) -> tuple[str, int]:
        """Return the SHA-256 and size of ``path``, hashing it only when its stat has changed."""
        if isinstance(path, RemoteFile) and path.container() is None:
            return self._describe(path)  # its store knows
        stat = _stat_remote(path) if isinstance(path, RemoteFile) else _stat(str(path))
        key = str(path)
        known = self._known.get(key)
        if known is None or known[:2] != stat:
            known = _Known(*stat, *self._describe(path))
        self._seen[key] = known
        return known.sha256, known.size

    def save(self) -> None:
        """Write what has been asked since the cache was opened, and all it knew before."""
        import polars as pl

        self._describe.close()
        merged = {**self._known, **self._seen}
        rows = [(path, *merged[path]) for path in sorted(merged)]
        with replacing(self._path) as coming:
            pl.DataFrame(rows, schema=_schema(), orient="row").write_parquet(coming)


def _stat(path: str) -> tuple[int, int]:
    """Return size and time, on disk, of the file that holds what a path names."""
    try:
        info = os.stat(path)  # noqa: PTH116  called for every item
    except (FileNotFoundError, NotADirectoryError):
        found = container_of(path)
        holder = segment_of(path).file if found is None else found[0]
        if holder == path:
            raise FileNotFoundError(2, "No such file or directory", path) from None
        info = os.stat(holder)  # noqa: PTH116
    return info.st_size, info.st_mtime_ns


def _stat_remote(path: RemoteFile) -> tuple[int, int]:
    """Return size and, for the time, a number of the content of the tar or table on a store."""
    from pentad.store.remote.asking import version_of
    from pentad.store.remote.locating import inside
    from pentad.store.remote.prints import version_number

    holder = path.object if inside(path) is not None else RemoteFile(path.folder, path.file)
    version = version_of(holder)
    return version.size, version_number(version)


def _schema() -> Schema:
    import polars as pl

    return {
        "path": pl.String,
        "bytes": pl.Int64,
        "mtime_ns": pl.Int64,
        "sha256": pl.String,
        "size": pl.Int64,
    }


def _read(path: Path) -> dict[str, _Known]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
        if "size" not in frame.columns:  # written before items could be parts of files
            frame = frame.with_columns(pl.col("bytes").alias("size"))
        rows = frame.select(*_schema()).iter_rows()
    except (OSError, pl.exceptions.PolarsError):
        return {}
    return {name: _Known(*rest) for name, *rest in rows}
