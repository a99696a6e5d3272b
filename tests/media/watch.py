"""Is a file opened, or a connection made?"""

from __future__ import annotations

import ctypes
import os
import select
import socket
from pathlib import Path
from typing import Self

_IN_ACCESS, _IN_OPEN, _NONBLOCK = 0x1, 0x20, 0o4000


class Watch:
    """Tells what is opened in a folder, by whatever process."""

    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._fd = self._library.inotify_init1(_NONBLOCK)
        name = os.fsencode(folder)
        if self._library.inotify_add_watch(self._fd, name, _IN_ACCESS | _IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def seen(self) -> bytes:
        """Return what was noticed since the last time; empty for nothing."""
        try:
            return os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return b""


class Listener:
    """Listens at a port of this machine, and answers nobody."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def called(self) -> bool:
        """Whether somebody has connected since the last time."""
        ready, _, _ = select.select([self._socket], [], [], 0)
        if ready:
            self._socket.accept()[0].close()
        return bool(ready)
