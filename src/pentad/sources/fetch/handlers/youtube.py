"""Segments of videos on YouTube, through yt-dlp as a program of its own.

yt-dlp is used as a program and not as a library: a run that hangs or crashes can be ended from
outside with what it started, and any version of it will do, so the newest can be installed.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pentad.core.errors import InputError
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.handlers.clip import check_clip
from pentad.sources.fetch.handlers.tool import Limits, run_tool
from pentad.sources.fetch.handlers.youtube_texts import youtube_error
from pentad.sources.fetch.jobs import Got, Job, Key, Lot, Report, Task
from pentad.sources.fetch.partial import hidden_beside, target_error
from pentad.sources.fetch.placing import Rules, place
from pentad.store.atomic import store_error

_LOG = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_BLOCK = 1 << 20
_MESSAGES = 64 << 20


@dataclass(frozen=True)
class YouTubeOptions:
    """How yt-dlp is run.

    Attributes:
        yt_dlp: The program: a name on the PATH, or a path.
        cookies: A cookies.txt; each run gets a copy, as yt-dlp writes to it.
        cookies_from_browser: A browser whose cookies are used, as yt-dlp spells it.
        format: Which streams are taken, as yt-dlp spells it.
        tolerance: Seconds that a clip may be longer or shorter than it should be.
        seconds: Time that a run may take, whatever the clip's length.
        seconds_per_second: Further time for each second of the clip.
        socket_timeout: Seconds that yt-dlp waits for a server.
        retries: How often yt-dlp repeats a request.
        patience: How many clips in a row may be turned away as too many requests before the rest
            are left for another day.
        arguments: Further arguments for yt-dlp.
    """

    yt_dlp: str = "yt-dlp"
    cookies: Path | None = None
    cookies_from_browser: str | None = None
    format: str = "bv*[ext=mp4][height<=720]+ba[ext=m4a]/b[ext=mp4][height<=720]/bv*+ba/b"
    tolerance: float = 1.5
    seconds: float = 120.0
    seconds_per_second: float = 10.0
    socket_timeout: float = 20.0
    retries: int = 3
    patience: int = 10
    arguments: tuple[str, ...] = ()


class YouTubeBatch:
    """Fetches one segment a task, and checks that it is the one that was asked for.

    Args:
        name: The source.
        tasks: The tasks.
        options: How yt-dlp is run.
        rules: What the files must be.
        stopped: Says whether everything is to stop.

    Raises:
        InputError: The cookies are not there.
    """

    def __init__(
        self,
        name: str,
        tasks: Sequence[Task],
        options: YouTubeOptions,
        rules: Rules,
        stopped: Callable[[], bool],
    ) -> None:
        self.name = name
        self._tasks = tasks
        self._options = options
        self._rules = rules
        self._stopped = stopped
        self._lock = threading.Lock()
        self._turned_away = 0
        if options.cookies is not None and not options.cookies.is_file():
            raise InputError("no such file of cookies", file=options.cookies)

    def lots(self) -> Iterator[Lot]:
        """Return one piece of work a task, until too many in a row are turned away.

        Raises:
            FetchError: yt-dlp is not installed.
        """
        program = shutil.which(self._options.yt_dlp)
        if program is None:
            raise FetchError(
                FetchReason.TOOL_MISSING,
                f"{self._options.yt_dlp} is not installed; run: pip install 'pentad[download]'",
            )
        return self._lots(str(Path(program).absolute()))

    def _lots(self, program: str) -> Iterator[Lot]:
        for task in self._tasks:
            if self.exhausted:
                return
            yield partial(self._one, program, task)

    @property
    def exhausted(self) -> bool:
        """Whether the rest is not tried: the site turns us away, or the tool lacks a part."""
        return self._turned_away >= self._options.patience

    def close(self, report: Report) -> None:
        """Do nothing: what was not tried stays as it is."""

    def _one(self, program: str, task: Task, report: Report) -> Iterable[Lot]:
        try:
            report(task, self._got(program, task))
            self._count(FetchReason.GONE)
        except FetchError as error:
            report(task, error)
            self._count(error.reason)
        except OSError as error:  # of the hidden folder, or of the cookies
            raise store_error(Path(error.filename or task.path), error) from error
        return ()

    def _count(self, reason: FetchReason) -> None:
        with self._lock:
            before = self.exhausted
            if reason is FetchReason.TOOL_MISSING:  # no clip would fare better
                self._turned_away = self._options.patience
            elif reason is FetchReason.RATE_LIMITED:
                self._turned_away += 1
            elif not before:
                self._turned_away = 0
            if self.exhausted and not before:
                _LOG.warning("%s: %s; the rest is left for a later run", self.name, reason.value)

    def _got(self, program: str, task: Task) -> Got:
        clip = _Clip.of(task.job)
        with _folder(task.path) as folder:
            seconds = self._options.seconds + clip.length * self._options.seconds_per_second
            command = self._command(program, clip, folder)
            # Picture and sound may come as two files and then be joined in a third.
            limits = Limits(seconds, 2 * self._rules.limit + _MESSAGES)
            code, stderr = run_tool(command, folder, limits, self._stopped)
            came = _came(folder)
            if code != 0 or came is None:
                raise youtube_error(clip.id, stderr, code)
            streams = check_clip(came, clip.length, self._options.tolerance)
            failed = _unusable(task, streams)
            if len(failed) == len(task.jobs):
                raise failed[task.job.key]
            got = place(task.path, _blocks(came), clip.address, self._rules)
        return Got(got.bytes, got.sha256, got.what, failed)

    def _command(self, program: str, clip: _Clip, folder: Path) -> list[str]:
        options = self._options
        command = [program, "--ignore-config", "--no-playlist", "--quiet", "--no-progress"]
        command += ["--no-mtime", "--abort-on-error", "--no-cache-dir"]
        command += ["--socket-timeout", f"{options.socket_timeout:g}"]
        command += ["--retries", str(options.retries), "--fragment-retries", str(options.retries)]
        command += ["--download-sections", f"*{_shown(clip.start)}-{_shown(clip.end)}"]
        command += ["--force-keyframes-at-cuts", "--format", options.format]
        command += ["--merge-output-format", "mp4", "--remux-video", "mp4"]
        command += [*self._cookies(folder), *options.arguments]
        # Percent signs begin a field in an output template.
        output = str(folder.absolute()).replace("%", "%%") + "/clip.%(ext)s"
        return [*command, "--output", output, "--", clip.address]

    def _cookies(self, folder: Path) -> list[str]:
        if self._options.cookies is not None:
            own = folder / "cookies.txt"
            own.touch(mode=0o600)
            own.write_bytes(_cookies(self._options.cookies))
            return ["--cookies", str(own.absolute())]
        if self._options.cookies_from_browser is not None:
            return ["--cookies-from-browser", self._options.cookies_from_browser]
        return []


@dataclass(frozen=True)
class _Clip:
    id: str
    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start

    @property
    def address(self) -> str:
        return f"https://www.youtube.com/watch?v={self.id}"

    @classmethod
    def of(cls, job: Job) -> _Clip:
        name = job.value("youtube_id")
        if not _ID.fullmatch(name):
            raise FetchError(FetchReason.BAD_FIELDS, f"{name!r} is no id of a video")
        clip = cls(name, _seconds(job, "start_time"), _seconds(job, "end_time"))
        if not 0 <= clip.start < clip.end:
            raise FetchError(
                FetchReason.BAD_FIELDS, f"{name}: from {clip.start:g} to {clip.end:g} s"
            )
        return clip


def _shown(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _seconds(job: Job, column: str) -> float:
    text = job.value(column)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number > 1e6:
        raise FetchError(FetchReason.BAD_FIELDS, f"{column} is no number of seconds: {text!r}")
    return number


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder in a hidden one beside the target; a killed run's is cleared first.

    It has a new name each time, as yt-dlp may outlive a run that is killed, and go on writing.
    """
    folder = hidden_beside(path, "tmp")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        own = Path(tempfile.mkdtemp(dir=folder))
    except OSError as error:
        raise target_error(path, error) from error
    try:
        yield own
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cookies(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the cookies cannot be read ({error.strerror})", file=path) from error


def _came(folder: Path) -> Path | None:
    """Return the finished clip; parts and single streams have longer endings."""
    found = [path for path in folder.glob("clip.*") if path.stem == "clip" and path.is_file()]
    return next((p for p in found if p.suffix not in (".part", ".ytdl", ".temp")), None)


def _unusable(task: Task, streams: frozenset[str]) -> dict[Key, FetchError]:
    return {
        job.key: FetchError(FetchReason.MISSING_STREAM, f"the clip has no {job.modality}")
        for job in task.jobs
        if job.modality in ("audio", "video") and job.modality not in streams
    }


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
