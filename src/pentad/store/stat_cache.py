"""Remembers the SHA-256 of files whose size and modification time have not changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pentad.store.atomic import replacing
from pentad.store.registry import describe_file

if TYPE_CHECKING:
    from pentad.store.items import Schema


class StatCache:
    """A `Describe` backed by a table in the workspace's cache folder; safe to delete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)
        self._seen: dict[str, tuple[int, int, str]] = {}

    def __call__(self, path: Path) -> tuple[str, int]:
        """Return the SHA-256 and size of ``path``, hashing it only when its stat has changed."""
        stat = path.stat()
        key = str(path)
        known = self._known.get(key)
        if known is None or known[:2] != (stat.st_size, stat.st_mtime_ns):
            digest, _ = describe_file(path)
            known = (stat.st_size, stat.st_mtime_ns, digest)
        self._seen[key] = known
        return known[2], known[0]

    def save(self) -> None:
        """Write what has been asked since the cache was opened, and all it knew before."""
        import polars as pl

        merged = {**self._known, **self._seen}
        rows = [(path, *merged[path]) for path in sorted(merged)]
        with replacing(self._path) as coming:
            pl.DataFrame(rows, schema=_schema(), orient="row").write_parquet(coming)


def _schema() -> Schema:
    import polars as pl

    return {"path": pl.String, "bytes": pl.Int64, "mtime_ns": pl.Int64, "sha256": pl.String}


def _read(path: Path) -> dict[str, tuple[int, int, str]]:
    import polars as pl

    try:
        rows = pl.read_parquet(path).select(*_schema()).iter_rows()
    except (OSError, pl.exceptions.PolarsError):
        return {}
    return {name: (size, mtime, digest) for name, size, mtime, digest in rows}
