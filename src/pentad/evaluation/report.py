"""`Report`: the scores of a model beside those of its baselines and controls, and their file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, SchemaMismatch, StoreError
from pentad.evaluation import report_json, tables
from pentad.evaluation.scores import Difference, Score, Skipped
from pentad.store.atomic import write_bytes

RESULT_FILE = "result.json"
BASELINES = ("ridge", "bridge")

Scores = tuple[Score, ...]


@dataclass(frozen=True)
class Report:
    """What a model scores, and what that has to be compared with.

    Attributes:
        scores: The model's scores, one a direction and metric.
        baselines: Scores of what is to be beaten, by name; ``ridge`` and ``bridge`` always exist.
        controls: Scores that must fall to chance, by name, such as ``shuffled``.
        differences: Model minus baseline over the same queries, by the baseline's name.
        skipped: What could not be evaluated, and why.
        settings: What the scores depend on, as plain values: seed, split, model, resamples.
    """

    scores: Scores
    baselines: Mapping[str, Scores] = field(default_factory=dict)
    controls: Mapping[str, Scores] = field(default_factory=dict)
    differences: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that no system has two scores for one direction and metric."""
        complete = {name: self.baselines.get(name, ()) for name in BASELINES} | dict(self.baselines)
        object.__setattr__(self, "baselines", complete)
        for name, rows in self.systems().items():
            cells = [(row.query, row.corpus, row.metric) for row in rows]
            twice = next((cell for cell in cells if cells.count(cell) > 1), None)
            if twice is not None:
                raise InputError(f"{name}: two scores for {twice[0]} -> {twice[1]} {twice[2]}")

    def systems(self) -> dict[str, Scores]:
        """Return the scores of the model, of each baseline and of each control, by name."""
        return {"model": self.scores, **self.baselines, **self.controls}

    def score(self, query: str, corpus: str, metric: str) -> Score:
        """Return the model's score for one direction and metric.

        Raises:
            InputError: There is none.
        """
        wanted = (query, corpus, metric)
        for row in self.scores:
            if (row.query, row.corpus, row.metric) == wanted:
                return row
        raise InputError(f"the report has no {metric} for {query} -> {corpus}")

    def table(self, metrics: Sequence[str] | None = None) -> list[list[str]]:
        """Return the scores as rows of text, a header first; `tables` writes them out.

        Args:
            metrics: Names in the metric grammar; by default every metric of the report.
        """
        rows = self.systems()
        shown = {name: rows[name] for name in rows if rows[name] or name == "model"}
        return tables.score_rows(shown, metrics)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values, of the form that `report_json` describes."""
        return report_json.encode(self)

    def save(self, folder: str | Path) -> Path:
        """Write ``result.json`` into ``folder`` atomically and return its path.

        Raises:
            StoreError: The file cannot be written.
            InputError: A setting is not a plain value.
        """
        path = Path(folder) / RESULT_FILE
        try:
            text = json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"the report cannot be written as JSON ({error})", file=path
            ) from error
        write_bytes(path, (text + "\n").encode())
        return path

    @classmethod
    def load(cls, folder: str | Path) -> Report:
        """Read what `save` wrote.

        Raises:
            StoreError: There is no report, or it is not JSON.
            SchemaMismatch: It is JSON of another form.
        """
        path = Path(folder) / RESULT_FILE
        try:
            value = json.loads(path.read_bytes())
        except OSError as error:
            raise StoreError(
                f"{path}: no report here ({error.strerror}); evaluate first"
            ) from error
        except ValueError as error:
            raise StoreError(f"{path}: damaged ({error}); evaluate again") from error
        try:
            return cls(**report_json.decode(value))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            expected = f"a report of version {report_json.VERSION}"
            raise SchemaMismatch(path, expected, repr(error)) from error


def skipped_of(*evaluations: Sequence[Skipped]) -> tuple[Skipped, ...]:
    """Return what several evaluations skipped, each thing once, in order."""
    return tuple(dict.fromkeys(chain.from_iterable(evaluations)))
