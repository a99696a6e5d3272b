"""Tar files whose bytes depend on their members alone: no time, no user, no folder."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


class PlainTar:
    """Writes members one after the other; USTAR, with PAX fields only where a size needs them."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tar.close()

    def add(self, name: str, data: bytes) -> None:
        """Add a member with this content."""
        self._add(name, io.BytesIO(data), len(data))

    def add_file(self, name: str, file: BinaryIO) -> None:
        """Add a member with the content of an open file."""
        self._add(name, file, os.fstat(file.fileno()).st_size)

    def _add(self, name: str, file: io.IOBase | BinaryIO, size: int) -> None:
        member = tarfile.TarInfo(name)  # mtime, uid and gid are 0, names of users empty
        member.size = size
        member.mode = 0o644
        self._tar.addfile(member, file)
