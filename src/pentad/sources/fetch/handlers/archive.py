"""Members of zip and tar archives, remote or local; nothing is ever unpacked as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.handlers.members import deliver
from pentad.sources.fetch.handlers.tar_members import tar_members
from pentad.sources.fetch.handlers.wanted import Wanted
from pentad.sources.fetch.handlers.zip_members import (
    Cursor,
    Member,
    member_chunks,
    spans,
    zip_index,
)
from pentad.sources.fetch.jobs import Lot, Report, Task
from pentad.sources.fetch.places import Place, Places
from pentad.sources.fetch.placing import Rules


class ArchiveBatch(ABC):
    """Takes members out of archives.

    Args:
        name: The source.
        wanted: The tasks.
        places: What finds and opens archives.
        locations: Where they are.
        rules: What the files must be.
    """

    def __init__(
        self, name: str, wanted: Wanted, places: Places, locations: Sequence[str], rules: Rules
    ) -> None:
        self.name = name
        self._wanted = wanted
        self._places = places
        self._locations = locations
        self._rules = rules

    def lots(self) -> Iterator[Lot]:
        """Return one piece of work an archive.

        Raises:
            FetchError: The archives cannot be found.
        """
        return (partial(self._read, place) for place in self._places.find(self._locations))

    def close(self, report: Report) -> None:
        """Report the tasks that no archive had."""
        self._wanted.close(report, self.name)

    @abstractmethod
    def _read(self, place: Place, report: Report) -> Iterable[Lot]:
        """Do the work of one archive, or return the parts it falls into."""


class ZipBatch(ArchiveBatch):
    """Takes members out of zip archives: reads the index, then only the parts that are wanted."""

    def _read(self, place: Place, report: Report) -> Iterable[Lot]:
        if not len(self._wanted):
            return ()
        try:
            members = zip_index(self._places, place, lambda name: name in self._wanted)
        except FetchError as error:
            self._wanted.failed(error)
            return ()
        claimed = [(m, tasks) for m in members if (tasks := self._wanted.claim(m.name))]
        return [partial(self._span, place, span) for span in spans(claimed)]

    def _span(
        self, place: Place, span: Sequence[tuple[Member, list[Task]]], report: Report
    ) -> Iterable[Lot]:
        """Read members that lie close together; after a bad one the rest is asked for anew."""
        settled = 0
        try:
            with self._places.reading(place, span[0][0].start, span[-1][0].end) as file:
                cursor = Cursor(file, span[0][0].start, place.name)
                for member, tasks in span:
                    settled += 1
                    what = f"{place.name}#{member.name}"
                    chunks = member_chunks(cursor, member)
                    if deliver(tasks, chunks, what, self._rules, report) is not None:
                        break
        except FetchError as error:  # not even its first byte could be had
            for _, tasks in span[settled:]:
                for task in tasks:
                    report(task, error)
            return ()
        return [partial(self._span, place, span[settled:])] if settled < len(span) else ()


class TarBatch(ArchiveBatch):
    """Takes members out of tar archives, each of which is read once from its start."""

    def _read(self, place: Place, report: Report) -> Iterable[Lot]:
        if not len(self._wanted):
            return ()
        try:
            with self._places.reading(place) as file:
                for name, chunks in tar_members(file, place.name, self._rules.limit):
                    if tasks := self._wanted.claim(name):
                        what = f"{place.name}#{name}"
                        deliver(tasks, chunks, what, self._rules, report)
                    if not len(self._wanted):
                        break
        except FetchError as error:
            self._wanted.failed(error)
        return ()
