"""Tasks that wait to be found in one of several archives, by the names that archives give them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.jobs import Job, Report, Task, template_value

_ANY_ENDING = ".*"


@dataclass(frozen=True)
class NameRule:
    """How an item's name is compared with names in an archive.

    Attributes:
        template: Name with ``{column}``; ``.*`` at its end stands for any ending.
        folders: Whether names in the archive may have folders that the template does not name.
    """

    template: str
    folders: bool = True

    @property
    def any_ending(self) -> bool:
        """Whether endings do not count."""
        return self.template.endswith(_ANY_ENDING)

    def of_job(self, job: Job) -> str:
        """Return what a member's `of_member` must be for it to be the job's.

        Raises:
            FetchError: The row lacks a column.
        """
        return template_value(self.template.removesuffix(_ANY_ENDING), job)

    def of_member(self, name: str) -> str:
        """Return what counts of a member's name."""
        name = name.removeprefix("./")
        if self.folders and "/" not in self.template:
            name = name.rpartition("/")[2]
        return name.rpartition(".")[0] if self.any_ending else name


class Wanted:
    """The tasks of one source until an archive has them; shared by threads.

    Args:
        tasks: The tasks.
        rule: How names are compared.
    """

    def __init__(self, tasks: Sequence[Task], rule: NameRule) -> None:
        self.rule = rule
        self._lock = threading.Lock()
        self._bad: list[tuple[Task, FetchError]] = []
        self._failures: list[FetchError] = []
        self._waiting: dict[str, list[Task]] = {}
        for task in tasks:
            try:
                self._waiting.setdefault(rule.of_job(task.job), []).append(task)
            except FetchError as error:
                self._bad.append((task, error))

    def __len__(self) -> int:
        """Return how many names still wait."""
        return len(self._waiting)

    def __contains__(self, name: str) -> bool:
        """Return whether a member's task still waits."""
        return self.rule.of_member(name) in self._waiting

    def claim(self, name: str) -> list[Task]:
        """Take the tasks that a member is for; the next to ask for them gets none."""
        with self._lock:
            return self._waiting.pop(self.rule.of_member(name), [])

    def failed(self, error: FetchError) -> None:
        """Note that one archive could not be searched to its end."""
        with self._lock:
            self._failures.append(error)

    def close(self, report: Report, source: str) -> None:
        """Report the tasks that no archive had."""
        missing = FetchError(FetchReason.MEMBER_MISSING, f"no archive of {source} has it")
        ranked = sorted(self._failures, key=lambda error: not error.retriable)
        error = ranked[0] if ranked else missing
        for task, problem in self._bad:
            report(task, problem)
        for tasks in self._waiting.values():
            for task in tasks:
                report(task, error)
