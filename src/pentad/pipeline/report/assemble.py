"""From a run and what it keeps of its tasks to the values of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pentad.core.modality import MEDIA_MODALITIES
from pentad.evaluation.page.chosen import best_and_worst
from pentad.evaluation.page.confusion import count_confusion
from pentad.evaluation.page.facts import DirectionPart, Entry, Hit, Page, Shown, TaskPart
from pentad.evaluation.page.first_rank import rank_bars
from pentad.evaluation.page.per_class import class_scores
from pentad.evaluation.results.names import subset_of
from pentad.evaluation.scores import QueryScores
from pentad.pipeline.report.details import ITEM, QUERY, Details, read_details, read_top
from pentad.pipeline.report.outcomes import Outcomes, outcomes

if TYPE_CHECKING:
    import polars as pl

    from pentad.evaluation.results.store import Run
    from pentad.evaluation.results.task_result import TaskResult
    from pentad.pipeline.report.details import Content

HITS, EXPECTED = 5, 2
_ONE_LABEL = ("accuracy", "hit")


def assemble(run: Run, *, queries: int) -> tuple[Page, dict[str, Content]]:
    """Return the page of a run, and the files whose previews it shows, the most wanted first.

    Args:
        run: With at least one task.
        queries: How many of the best and of the worst of each direction.
    """
    wanted: dict[str, tuple[int, Content]] = {}
    tasks = []
    for result in run.results:
        tasks.append(_Task(run, result, queries, wanted).part())
    order = sorted(wanted, key=lambda key: wanted[key][0])  # stable: by task within
    return Page(run.info, tuple(tasks)), {key: wanted[key][1] for key in order}


class _Task:
    """One task, its details and what it wants of files."""

    def __init__(
        self, run: Run, result: TaskResult, count: int, wanted: dict[str, tuple[int, Content]]
    ) -> None:
        self._folder, self._result, self._count, self._wanted = run.folder, result, count, wanted
        self._details: Details = read_details(run.folder, result.task)

    def part(self) -> TaskPart:
        ways = tuple(self._direction(scores) for scores in self._result.directions)
        return TaskPart(self._result, ways, self._details.gaps)

    def _direction(self, scores: QueryScores) -> DirectionPart:
        key, metric = subset_of(scores), scores.metrics[0]
        top, why = read_top(self._folder, self._result.task, key)
        found = None if top is None else outcomes(top, scores.queries, metric.level)
        part = DirectionPart(
            key,
            tuple(s for s in self._result.scores if subset_of(s) == key),
            metric.spec.higher,
            self._result.leaked.get(key),
            rank_bars(scores, None if found is None else found.rank),
            gaps=(why,) if why else (),
        )
        part = self._with_classes(part, scores, found)
        return (
            part if top is None or found is None else self._with_queries(part, scores, found, top)
        )

    def _with_classes(
        self, part: DirectionPart, scores: QueryScores, found: Outcomes | None
    ) -> DirectionPart:
        """Add classes where this direction asks for the class of an item, and they are known."""
        qrels, classes = self._details.qrels, self._details.entries.get(QUERY, {})
        asks_class = (
            self._result.kind == "classification"
            and scores.relevant_by == "class"
            and scores.metrics[0].name in _ONE_LABEL
            and self._details.side_of(scores.query) == ITEM
        )
        if not asks_class or qrels is None or not classes:
            return part
        number = {name: place for place, name in enumerate(classes)}
        truth = _truth(qrels, scores, number)
        names = [(name, classes[name].text or name) for name in classes]
        asked, asked_metric = self._asked(scores)
        rows = class_scores(
            part.main.metric, part.main.chance, scores.values[0], scores.units, truth, names,
            asked=asked, asked_metric=asked_metric,
        )  # fmt: skip
        part = replace(part, classes=rows)
        answers = [] if found is None else [number.get(each, -1) for each in found.answer]
        if not answers or min(answers) < 0:
            return part
        return replace(part, confusion=count_confusion(_unique(names), truth, answers))

    def _asked(self, scores: QueryScores) -> tuple[dict[str, float], str]:
        """Return what each class scores as a query, in the other direction."""
        for other in self._result.directions:
            if other.query is scores.corpus and other.corpus is scores.query:
                names = [str(query) for query in other.queries.tolist()]
                values = dict(zip(names, other.values[0].tolist(), strict=True))
                return values, str(other.metrics[0])
        return {}, ""

    def _with_queries(
        self, part: DirectionPart, scores: QueryScores, found: Outcomes, top: pl.DataFrame
    ) -> DirectionPart:
        names = [str(query) for query in scores.queries.tolist()]
        chosen = best_and_worst(
            scores.values[0], found.margin, names, scores.units, self._count, higher=part.higher
        )
        side = self._details.side_of(scores.query)
        results = _results(top, [names[i] for each in chosen for i in each])
        expected = self._expected(side, names, chosen, results)
        best, worst = (
            tuple(self._shown(i, names[i], scores, found, side, results, expected) for i in numbers)
            for numbers in chosen
        )
        return replace(part, best=best, worst=worst)

    def _shown(
        self,
        row: int,
        name: str,
        scores: QueryScores,
        found: Outcomes,
        side: str,
        results: dict[str, list[tuple[int, str, float, int]]],
        expected: dict[str, list[str]],
    ) -> Shown:
        other, level = _across(side), scores.metrics[0].level
        margin = float(found.margin[row])
        return Shown(
            query=self._entry(side, name, 0),
            value=float(scores.values[0, row]),
            relevant=int(scores.relevant[row]),
            margin=margin if np.isfinite(margin) else float("nan"),
            margin_at_most=bool(found.bound[row]),
            hits=tuple(
                Hit(rank, self._entry(other, item, rank), score, grade >= level)
                for rank, item, score, grade in results.get(name, [])[:HITS]
            ),
            expected=tuple(self._entry(other, each, HITS + 1) for each in expected.get(name, [])),
        )

    def _expected(
        self,
        side: str,
        names: list[str],
        chosen: Sequence[Sequence[int]],
        results: dict[str, list[tuple[int, str, float, int]]],
    ) -> dict[str, list[str]]:
        """Return query -> relevant items that are not among those shown, a few."""
        qrels = self._details.qrels
        if qrels is None:
            return {}
        import polars as pl

        wanted = [names[i] for each in chosen for i in each]
        pairs = qrels.filter(pl.col(side).is_in(wanted) & (pl.col("grade") > 0))
        pairs = pairs.sort("grade", descending=True, maintain_order=True)
        found: dict[str, list[str]] = {}
        for asks, item in pairs.select(side, _across(side)).iter_rows():
            shown = {hit[1] for hit in results.get(asks, [])[:HITS]}
            if item not in shown and len(found.setdefault(asks, [])) < EXPECTED:
                found[asks].append(item)
        return found

    def _entry(self, side: str, name: str, urgency: int) -> Entry:
        """Return an entry; its file is wanted, the sooner the smaller its urgency."""
        content = self._details.entries.get(side, {}).get(name)
        if content is None:
            return Entry(name, None)
        unseen = content.modality not in MEDIA_MODALITIES or content.file is None
        if content.text is not None or unseen:
            return Entry(name, content.modality, content.text)
        key = f"{content.modality}:{content.file}#{content.start},{content.end}"
        before = self._wanted.get(key, (urgency, content))
        self._wanted[key] = (min(before[0], urgency), content)
        return Entry(name, content.modality, media=key)


def _across(side: str) -> str:
    return QUERY if side == ITEM else ITEM


def _truth(
    qrels: pl.DataFrame, scores: QueryScores, number: dict[str, int]
) -> list[tuple[int, ...]]:
    """Return the numbers of the classes of every item that was scored."""
    own: dict[str, list[int]] = {}
    for name, item, grade in qrels.iter_rows():
        if grade > 0 and name in number:
            own.setdefault(item, []).append(number[name])
    return [tuple(sorted(own.get(str(query), ()))) for query in scores.queries.tolist()]


def _unique(names: Sequence[tuple[str, str]]) -> list[str]:
    """Return names for people, with the id behind those that several classes have."""
    shown = [label for _, label in names]
    return [n if shown.count(n) == 1 else f"{n} ({key})" for key, n in names]


def _results(
    top: pl.DataFrame, queries: Sequence[str]
) -> dict[str, list[tuple[int, str, float, int]]]:
    import polars as pl

    found: dict[str, list[tuple[int, str, float, int]]] = {}
    rows = top.filter(pl.col("query").is_in(list(queries)))
    for query, rank, item, score, grade in rows.iter_rows():
        found.setdefault(query, []).append((rank, item, score, grade))
    return found
