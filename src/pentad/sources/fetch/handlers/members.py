"""What zip, tar and table handlers share: a member's content goes to every task that wants it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.jobs import Report, Task
from pentad.sources.fetch.placing import Rules, copy_to, place


def deliver(
    tasks: Sequence[Task], chunks: Iterable[bytes], what: str, rules: Rules, report: Report
) -> FetchError | None:
    """Put a member's content in the place of each task, and report each.

    Returns:
        The error, if the content could not be used.
    """
    first, *others = tasks
    try:
        got = place(first.path, chunks, what, rules)
    except FetchError as error:
        for task in tasks:
            report(task, error)
        return error
    report(first, got)
    for task in others:
        report(task, copy_to(task.path, first.path, what))
    return None
