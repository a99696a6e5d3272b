"""Which Parquet files make one table, and how one of them is opened without trust."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError

_PART = re.compile(r"(?P<split>.+)-(?P<number>\d{3,})-of-(?P<count>\d{3,})\.parquet")
_SPLIT = re.compile(r"(?P<split>.+?)-\d{3,}(?:-of-\d{3,})?(?:-[0-9a-f]{8,})?\.parquet")


def parquet_files(path: Path) -> list[Path]:
    """Return the files of one table in order: a file, a folder with them or ``data/``, a pattern.

    Raises:
        InputError: There is none, a part is missing, or they are of several splits.
    """
    if path.is_file():
        return [path]
    if not path.exists() and glob.has_magic(str(path)):
        found = sorted(Path(name) for name in glob.glob(str(path)))  # noqa: PTH207
    else:
        found = _visible(path / "data") or _visible(path)
    if not found:
        raise InputError("no .parquet file in it", file=path)
    _require_all_parts(found)
    splits = {match["split"] for f in found if (match := _SPLIT.fullmatch(f.name))}
    if len(splits) > 1:
        raise InputError(
            f"it has the splits {', '.join(sorted(splits))}; name the files of one of them, "
            f"such as '{found[0].parent}/{min(splits)}-*.parquet'",
            file=path,
        )
    return found


def has_parquet(path: Path) -> bool:
    """Return whether a folder holds a table."""
    return bool(_visible(path / "data") or _visible(path))


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Yield a ``pyarrow.parquet.ParquetFile``; whatever it refuses is a one-line error.

    Raises:
        InputError: It is no Parquet file, is damaged, or cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Reading ahead would hold all of the file.
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            yield file
    except (pa.ArrowException, OSError, MemoryError, OverflowError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())[:160]
        raise InputError(f"no usable Parquet file ({text})", file=path) from None


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.glob("*.parquet") if p.is_file() and p.name[0] not in "._")


def _require_all_parts(files: list[Path]) -> None:
    parts: dict[tuple[Path, str, int], set[int]] = {}
    for file in files:
        match = _PART.fullmatch(file.name)
        if match:
            whole = (file.parent, match["split"], int(match["count"]))
            parts.setdefault(whole, set()).add(int(match["number"]))
    for (folder, split, count), numbers in parts.items():
        missing = next((n for n in range(min(count, len(numbers) + 1)) if n not in numbers), None)
        if missing is not None:
            raise InputError(f"part {missing} of {count} of {split!r} is missing", file=folder)
