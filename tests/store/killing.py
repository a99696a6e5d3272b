"""Kills a process at any of its file operations, to see what it leaves.

Run as a program it writes a commit over and over in forked children, each killed one operation
later than the one before, and checks that `recover` leaves the old or the new folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pentad.store.records import committing, read_record, recover

Content = dict[str, bytes]
OLD = {"a.bin": b"old a", "sub/b.bin": b"old b", "c.bin": b"only in the old one"}
NEW = {"a.bin": b"new a, longer", "sub/b.bin": b"old b", "deep/er/d.bin": b"only in the new one"}


class Death:
    """Counts the moments before and after every file operation, and kills at one of them."""

    def __init__(self, moment: int) -> None:
        self._left = moment

    def moment(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.moment()
            result = call(*args, **options)
            self.moment()
            return result

        return counted

    def arm(self) -> None:
        """Watch every operation that this process does on files from Python."""
        for name in ("replace", "fsync", "unlink", "mkdir", "ftruncate", "pwrite"):
            setattr(os, name, self.around(getattr(os, name)))
        Path.write_bytes = self._write_bytes  # type: ignore[method-assign, assignment]

    def watch_parquet(self) -> None:
        """Watch polars too, with a moment at which half of the file is written."""
        import polars as pl

        write = pl.DataFrame.write_parquet

        def watched(frame: pl.DataFrame, file: Path, **options: Any) -> None:
            self.moment()
            write(frame, file, **options)
            whole = file.read_bytes()
            os.truncate(file, len(whole) // 2)
            self.moment()
            with file.open("wb") as out:
                out.write(whole)
            self.moment()

        pl.DataFrame.write_parquet = watched  # type: ignore[method-assign, assignment]

    @property
    def _write_bytes(self) -> Callable[[Path, bytes], int]:
        def write_bytes(path: Path, data: bytes) -> int:
            self.moment()
            with path.open("wb") as file:
                self.moment()
                file.write(data[: len(data) // 2])
                file.flush()
                self.moment()
                file.write(data[len(data) // 2 :])
            self.moment()
            return len(data)

        return write_bytes


def content(folder: Path) -> Content:
    """Return every file below a folder with its bytes; the lock says nothing."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if path.name != ".lock"
    }


def write(folder: Path, files: Content) -> None:
    """Commit some files together."""
    with committing(folder / "record.json") as commit:
        for name, data in files.items():
            commit.path(name).write_bytes(data)
        commit.finish({"names": sorted(files)})


def dies(moment: int, work: Callable[[], None]) -> bool:
    """Run ``work`` in a child that is killed at a moment; return whether it came to that."""
    child = os.fork()
    if child == 0:
        Death(moment).arm()
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"a child failed at moment {moment}")
    return False


def check(base: Path, before: Content | None, *, recovery: bool) -> dict[str, int]:
    """Kill a commit at every moment, and if wanted the recovery from it at every moment too."""
    start, now, again = base / "start", base / "now", base / "again"
    start.mkdir(parents=True)
    if before is not None:
        write(start, before)
    old = content(start)
    shutil.copytree(start, now)
    write(now, NEW)
    new = content(now)
    seen = {"old": 0, "new": 0, "recoveries": 0}
    moment = 0
    while True:
        shutil.rmtree(now)
        shutil.copytree(start, now)
        died = dies(moment, lambda: write(now, NEW))
        recoveries = 0
        while died and recovery:
            shutil.rmtree(again, ignore_errors=True)
            shutil.copytree(now, again)
            if not dies(recoveries, lambda: recover(again)):
                break
            recover(again)
            _expect(content(again), old, new, f"{moment} and {recoveries}")
            recoveries += 1
        recover(now)
        seen[_expect(content(now), old, new, str(moment))] += 1
        seen["recoveries"] += recoveries
        if not died:
            return seen
        moment += 1


def _expect(found: Content, old: Content, new: Content, when: str) -> str:
    if found not in (old, new):
        raise SystemExit(f"killed at {when}: neither old nor new but {sorted(found)}")
    return "new" if found == new else "old"


if __name__ == "__main__":
    folder, both = Path(sys.argv[1]), "recovery" in sys.argv
    cases = {"fresh": None, "over": OLD} if both else {"over": OLD}
    counts = {name: check(folder / name, case, recovery=both) for name, case in cases.items()}
    print(json.dumps(counts))
    record = read_record(folder / "over" / "now" / "record.json")
    raise SystemExit(0 if record is not None and not record.damaged() else "the record is damaged")
