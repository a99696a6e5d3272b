"""Stage records: what a stage was made from, so that the next run knows what to make again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.fingerprint import fingerprint_value
from pentad.store.atomic import write_json
from pentad.store.records import read_record

STAGE_FILE = "stage.json"


class Stage:
    """One folder of a workspace and the fingerprint of everything it was made from."""

    def __init__(self, folder: Path, inputs: Mapping[str, Any]) -> None:
        self.folder = folder
        self.inputs = fingerprint_value(dict(inputs))

    def is_current(self) -> bool:
        """Return whether the folder was finished with these very inputs and is undamaged."""
        try:
            stored = json.loads((self.folder / STAGE_FILE).read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(stored, dict) and stored.get("inputs") == self.inputs and self._intact()

    def begin(self) -> None:
        """Forget that the folder was finished; call before its files change."""
        (self.folder / STAGE_FILE).unlink(missing_ok=True)

    def finish(self) -> None:
        """Remember that the folder is finished; call after its last file is in place."""
        write_json(self.folder / STAGE_FILE, {"inputs": self.inputs})

    def _intact(self) -> bool:
        records = [p for p in self.folder.glob("*.json") if p.name != STAGE_FILE]
        read = [read_record(p) for p in records]
        return bool(read) and all(r is None or r.intact() for r in read)


class Clock:
    """Seconds of each stage, in the order they began; a stage within a stage counts for itself."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block for ``name``."""
        self._pause()
        self.seconds.setdefault(name, 0.0)
        self._running.append((name, time.monotonic()))
        try:
            yield
        finally:
            self._pause()
            self._running.pop()
            self._running = [(outer, time.monotonic()) for outer, _ in self._running]

    def _pause(self) -> None:
        if self._running:
            name, since = self._running[-1]
            self.seconds[name] = round(self.seconds[name] + time.monotonic() - since, 3)
