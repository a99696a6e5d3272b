"""Stage records: what a stage was made from, so that the next run knows what to make again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.fingerprint import fingerprint_value
from pentad.store.atomic import write_json
from pentad.store.records import describe_files, read_record

STAGE_FILE = "stage.json"


class Stage:
    """One folder of a workspace and the fingerprint of everything it was made from.

    Its record lists every file of the folder, so that any damage to any of them is noticed.
    """

    def __init__(self, folder: Path, inputs: Mapping[str, Any]) -> None:
        self.folder = folder
        self.inputs = fingerprint_value(dict(inputs))

    def is_current(self) -> bool:
        """Return whether the folder was finished with these very inputs and is undamaged."""
        record = read_record(self.folder / STAGE_FILE)
        made_from = None if record is None else record.fields.get("inputs")
        return record is not None and made_from == self.inputs and not record.damaged()

    def is_whole(self) -> bool:
        """Return whether the folder was finished, with whatever inputs, and is undamaged."""
        record = read_record(self.folder / STAGE_FILE)
        return record is not None and not record.damaged()

    def begin(self, *, empty: bool = False) -> None:
        """Forget that the folder was finished; call before its files change.

        Args:
            empty: Remove the files of the last time, so that none of them stays behind.
        """
        (self.folder / STAGE_FILE).unlink(missing_ok=True)
        for path in self.folder.glob("*.*") if empty else ():
            path.unlink()

    def finish(self) -> None:
        """Remember that the folder is finished; call after its last file is in place."""
        found = sorted(p for p in self.folder.rglob("*") if p.is_file() and p.name != STAGE_FILE)
        names = [path.relative_to(self.folder).as_posix() for path in found]
        described = describe_files(self.folder, names)
        write_json(self.folder / STAGE_FILE, {"inputs": self.inputs, "files": described})


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
