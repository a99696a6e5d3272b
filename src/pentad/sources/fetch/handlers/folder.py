"""Files that already lie in a local folder, under the names that their source gave them."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.jobs import Lot, Report, Task, template_value
from pentad.sources.fetch.placing import Rules, place

_BLOCK = 1 << 20


class FolderBatch:
    """Copies one file a task from the first folder that has it.

    Args:
        name: The source.
        tasks: The tasks.
        folders: The folders.
        template: Path of a file in there, with ``{column}``; ``.*`` stands for any ending.
        rules: What the files must be.
    """

    def __init__(
        self,
        name: str,
        tasks: Sequence[Task],
        folders: Sequence[str],
        template: str,
        rules: Rules,
    ) -> None:
        self.name = name
        self._tasks = tasks
        self._folders = [Path(folder).expanduser() for folder in folders]
        self._template = template
        self._rules = rules

    def lots(self) -> Iterator[Lot]:
        """Return one piece of work a task.

        Raises:
            FetchError: None of the folders is there.
        """
        if not any(folder.is_dir() for folder in self._folders):
            shown = ", ".join(map(str, self._folders)) or "no folder is given"
            raise FetchError(FetchReason.NO_LOCATION, f"no such folder: {shown}")
        return (partial(self._one, task) for task in self._tasks)

    def close(self, report: Report) -> None:
        """Do nothing: every task was settled."""

    def _one(self, task: Task, report: Report) -> Iterable[Lot]:
        try:
            source = self._find(template_value(self._template, task.job))
            report(task, place(task.path, _blocks(source), str(source), self._rules))
        except FetchError as error:
            report(task, error)
        return ()

    def _find(self, name: str) -> Path:
        for folder in self._folders:
            for path in _matches(folder, name):
                if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                    return path
        raise FetchError(FetchReason.MEMBER_MISSING, f"no folder of {self.name} has {name!r}")


def _matches(folder: Path, name: str) -> list[Path]:
    if "\0" in name or name.startswith("/"):
        return []
    if not name.endswith(".*"):
        return [folder / name]
    return sorted(folder.glob(glob.escape(name.removesuffix(".*")) + ".*"))


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise FetchError(FetchReason.UNUSABLE, f"{path}: {error.strerror}") from error
