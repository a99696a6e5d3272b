"""What lies in a folder of benchmarks, and what is told of what does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError
from pentad.evaluation.tasks.registry import find_tasks, get_task, list_tasks
from pentad.evaluation.tasks.task import Task
from pentad.pipeline import eshot_task
from pentad.sources.emm1.eshot import EShot


@dataclass(frozen=True)
class Outcome:
    """What became of one task.

    Attributes:
        task: Its name.
        state: ``scored``; ``kept``, its result was there; ``skipped``, the model or the files do
            not allow it; or ``missing``, the data set is not on disk.
        reason: Why it was skipped, or what is needed; else empty.
    """

    task: str
    state: str
    reason: str = ""


def find_benchmarks(
    root: Path, names: Sequence[str]
) -> tuple[list[Task], EShot | None, list[Outcome]]:
    """Return the tasks of a folder, EShot if it is there, and what is not there or is broken.

    Args:
        root: Folder of a data set, or of several beside one another.
        names: Names of benchmarks; empty for all that are there.

    Raises:
        InputError: A benchmark that is named is not there or broken, or one is there twice.
        UnknownName: There is no such benchmark.
    """
    named = [each for each in names if each != eshot_task.NAME]
    found, outcomes = _find(root, named) if named or not names else ([], [])
    return found, _eshot(root, names, outcomes), outcomes


def why_none(outcomes: Iterable[Outcome]) -> str:
    """Return the reasons why nothing was scored, each once with its tasks."""
    tasks: dict[str, list[str]] = {}
    for each in outcomes:
        if each.state == "skipped":
            tasks.setdefault(each.reason, []).append(each.task)
    told = [f"{', '.join(names)}: {reason}" for reason, names in tasks.items()]
    return "; ".join(told) or (
        "none lies in it or in a folder of it; 'pentad list tasks' says what each needs, and "
        "a task of your own has a task.json"
    )


def _find(root: Path, names: Sequence[str]) -> tuple[list[Task], list[Outcome]]:
    """Return the tasks, and what is not there or cannot be read."""
    if names:
        return [task for name in names for task in get_task(name, root)], []
    search = find_tasks(root)
    needs = {each.name: each.needs for each in list_tasks()}
    found = [task for one in search.found for task in one.tasks]
    broken = [Outcome(one.name, "skipped", one.error) for one in search.found if one.error]
    absent = [Outcome(each, "missing", f"needs {needs[each]}") for each in search.missing]
    names_there = [task.name for task in found]
    for task in found:
        if names_there.count(task.name) > 1:
            raise InputError(f"task {task.name!r} lies there twice; name one folder", file=root)
    return found, [*broken, *absent]


def _eshot(root: Path, names: Sequence[str], outcomes: list[Outcome]) -> EShot | None:
    """Return EShot where it is asked for and there; that it is not is noted."""
    if names:
        return eshot_task.check_wanted(root) if eshot_task.NAME in names else None
    found = eshot_task.find_benchmark(root)
    if found is None:
        outcomes.append(Outcome(eshot_task.NAME, "missing", f"needs {eshot_task.NEEDS}"))
    return found
