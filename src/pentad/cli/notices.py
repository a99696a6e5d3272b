"""What the library logs as a warning, shown on stderr: each notice once, as one line."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class NoticeHandler(logging.Handler):
    """Writes ``note: ...`` lines to stderr; a text that was written already is not repeated."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._seen: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one notice."""
        line = " ".join(record.getMessage().split())
        if line not in self._seen:
            self._seen.add(line)
            sys.stderr.write(f"note: {line}\n")


@contextmanager
def showing_notices() -> Iterator[None]:
    """Show what Pentad logs for the time of the block."""
    logger, handler = logging.getLogger("pentad"), NoticeHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
