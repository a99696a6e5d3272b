"""What is to be fetched, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from pentad.sources.fetch.errors import FetchError, FetchReason

Key = tuple[str, str, int]
"""Split, modality and id: what an item is called in the ledger."""

Finish = Callable[[Path, Path], object]
"""Turns the file that came (first) into the file that is kept (second)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One item whose file is wanted.

    Attributes:
        split: ``100m``, ``1m`` or ``eshot``.
        modality: ``image``, ``audio``, ``video`` or ``points``.
        id: Its id in that split and modality.
        source: Its source data set, as the tables spell it.
        file_name: Its file's name.
        target: Where the file goes, relative to the media root.
        fields: Other columns of its row, such as ``file_id``, ``youtube_id``, ``start_time``.
    """

    split: str
    modality: str
    id: int
    source: str
    file_name: str
    target: Path
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What the item is called in the ledger."""
        return self.split, self.modality, self.id

    def value(self, name: str) -> str:
        """Return one column of the row.

        Raises:
            FetchError: It is missing or empty.
        """
        text = self.file_name if name == "file_name" else str(self.fields.get(name) or "").strip()
        if not text:
            raise FetchError(FetchReason.BAD_FIELDS, f"no {name} in the row of {self.file_name}")
        return text


@dataclass(frozen=True, slots=True)
class Task:
    """One file, and every item that shares it.

    Attributes:
        path: Where the file goes, absolute.
        jobs: The items; the first says where the file comes from.
    """

    path: Path
    jobs: tuple[Job, ...]

    @property
    def job(self) -> Job:
        """The item that says where the file comes from."""
        return self.jobs[0]


@dataclass(frozen=True, slots=True)
class Got:
    """A file that is in its place.

    Attributes:
        bytes: Its size.
        sha256: Its hash.
        what: Where it came from: an address, or archive and member.
        failed: Items that share the file but cannot use it, with the reason.
    """

    bytes: int
    sha256: str
    what: str
    failed: Mapping[Key, FetchError] = field(default_factory=dict)


Outcome = Got | FetchError
Report = Callable[[Task, Outcome], None]


class Lot(Protocol):
    """A piece of work for one thread; may give further pieces."""

    def __call__(self, report: Report) -> Iterable[Lot]:
        """Do it and report each task that it settles."""


class Batch(Protocol):
    """The tasks of one source on their way.

    Attributes:
        name: The source.
    """

    name: str

    def lots(self) -> Iterator[Lot]:
        """Return the pieces of work to begin with.

        Raises:
            FetchError: The source as a whole cannot be reached; no item is to blame.
        """

    def close(self, report: Report) -> None:
        """Report the tasks that no piece of work settled."""


def template_value(template: str, job: Job) -> str:
    """Fill ``{column}`` and ``{column:012d}`` in a template with the columns of a row.

    Raises:
        FetchError: A column is missing, or is no number where one is needed.

    Examples:
        >>> job = Job("1m", "image", 1, "COCO", "x.jpg", Path("x.jpg"), {"file_id": "42"})
        >>> template_value("train2017/{file_id:012d}.jpg", job)
        'train2017/000000000042.jpg'
    """
    import re

    def fill(match: re.Match[str]) -> str:
        text, width = job.value(match[1]), match[2]
        if width is None:
            return text
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise FetchError(FetchReason.BAD_FIELDS, f"{match[1]} is no whole number: {text!r}")
        return f"{int(text):0{int(width)}d}"

    return re.sub(r"\{(\w+)(?::0?(\d{1,2})d)?\}", fill, template)


def safe_target(media_root: Path, target: Path) -> Path:
    """Return the absolute place of a relative target, which lies beneath the media root.

    Raises:
        FetchError: ``bad-target``: it does not, or only its text says that it does.
    """
    text = str(target)
    pure = PurePosixPath(text.replace("\\", "/"))
    names = pure.parts
    if not text.strip() or "\0" in text or pure.is_absolute() or not names:
        raise FetchError(FetchReason.BAD_TARGET, f"{text!r} is no relative path")
    if ".." in names or "\\" in text or names[-1].startswith("."):
        raise FetchError(FetchReason.BAD_TARGET, f"{text!r} leads elsewhere or hides")
    if len(text) > 1000 or any(len(name.encode("utf-8", "replace")) > 200 for name in names):
        raise FetchError(FetchReason.BAD_TARGET, f"{text[:40]!r}... has too long a name")
    path = media_root / target
    root = media_root.resolve()
    if not path.parent.resolve().is_relative_to(root):
        raise FetchError(
            FetchReason.BAD_TARGET,
            f"{text!r} leads out of {media_root} by a link; name the linked folder as media root",
        )
    return path
