"""Files that lie at an address of their own, such as the pictures of Conceptual Captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from urllib.parse import quote

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.jobs import Got, Job, Lot, Report, Task, template_value
from pentad.sources.fetch.partial import hidden_beside
from pentad.sources.fetch.placing import Rules, finish_file


class WebBatch:
    """Fetches one address a task; robots.txt and opt-out headers count.

    Args:
        name: The source.
        tasks: The tasks.
        client: What asks.
        template: The address, with ``{column}``.
        rules: What the files must be.
    """

    def __init__(
        self, name: str, tasks: Sequence[Task], client: Client, template: str, rules: Rules
    ) -> None:
        self.name = name
        self._tasks = tasks
        self._client = client
        self._template = template
        self._rules = rules

    def lots(self) -> Iterator[Lot]:
        """Return one piece of work a task."""
        return (partial(self._one, task) for task in self._tasks)

    def close(self, report: Report) -> None:
        """Do nothing: every task was settled."""

    def _one(self, task: Task, report: Report) -> Iterable[Lot]:
        try:
            report(task, self._got(task))
        except FetchError as error:
            report(task, error)
        return ()

    def _got(self, task: Task) -> Got:
        url, rules = _address(self._template, task.job), self._rules
        to = task.path if rules.finish is None else hidden_beside(task.path, "raw")
        came = self._client.fetch(
            url,
            to,
            sha256=task.job.fields.get("sha256") or None,
            kind=rules.kind,
            max_bytes=rules.limit,
        )
        if rules.finish is not None:
            return finish_file(to, task.path, url, rules.finish)
        return Got(came.bytes, came.sha256, url)


def _address(template: str, job: Job) -> str:
    """Fill a template; a column that is not the whole address is quoted."""
    if template.startswith("{") and template.find("}") == len(template) - 1:
        return template_value(template, job)
    quoted = {name: quote(str(value), safe="") for name, value in job.fields.items() if value}
    named = Job(
        job.split, job.modality, job.id, job.source, quote(job.file_name), job.target, quoted
    )
    return template_value(template, named)
