"""Every direction that a set of vectors allows, scored under one protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.intervals import RESAMPLES
from pentad.evaluation.labelled import LabelledVectors, shuffle_labels
from pentad.evaluation.protocol import items_to_items, items_to_text, text_to_items
from pentad.evaluation.retrieval import DEFAULT_METRICS, RetrievalTask, score_retrieval
from pentad.evaluation.scores import Difference, QueryScores, Score, Skipped
from pentad.evaluation.summary import difference, summarize

Embedded = Mapping[Modality, LabelledVectors]
_Builder = Callable[[LabelledVectors, LabelledVectors], RetrievalTask]


@dataclass(frozen=True)
class Evaluation:
    """What one system scores in every direction.

    Attributes:
        scores: One a direction and metric, directions in a fixed order.
        per_query: The values behind them, one a direction.
        skipped: Modalities and directions that could not be evaluated.
    """

    scores: tuple[Score, ...]
    per_query: tuple[QueryScores, ...]
    skipped: tuple[Skipped, ...]


def evaluate_vectors(
    embeddings: Embedded,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    progress: Progress = SILENT,
) -> Evaluation:
    """Return the scores of every direction that ``embeddings`` allow.

    For each media modality text -> m and m -> text, then each ordered pair of different media
    modalities by concept. What queries, corpora and relevant items are is said in `protocol`.

    Args:
        embeddings: Vectors by modality, all in one space.
        metrics: Names in the metric grammar.
        seed: The run's seed; it decides the resamples of the intervals.
        resamples: How many resamples an interval is made from.
        progress: Where directions are counted.

    Raises:
        InputError: A key is not the modality of its vectors, dimensions differ, or no direction has
            a query with anything relevant.
        SpaceMismatch: Two modalities name different spaces.
        UnknownName: A metric is not known.
    """
    empty = _check(embeddings)
    skipped = [Skipped(modality.value, "there are no vectors") for modality in empty]
    directions = list(_directions({m: v for m, v in embeddings.items() if len(v)}))
    per_query = []
    with progress.task("evaluate", len(directions)) as bar:
        for build, queries, corpus in directions:
            task = build(queries, corpus)
            if len(task.usable):
                per_query.append(score_retrieval(task, metrics))
            else:
                skipped.append(Skipped(f"{task.query} -> {task.corpus}", _why(task)))
            bar.advance()
    if not per_query:
        reasons = "; ".join(f"{s.what}: {s.reason}" for s in skipped) or "needs two modalities"
        raise InputError(f"there is nothing to evaluate ({reasons})")
    scores = [s for q in per_query for s in summarize(q, seed=seed, resamples=resamples)]
    return Evaluation(tuple(scores), tuple(per_query), tuple(skipped))


def shuffled_control(
    embeddings: Embedded,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    progress: Progress = SILENT,
) -> Evaluation:
    """Return the same evaluation with the labels of each media modality permuted among its items.

    Captions and items then belong together by chance alone, so every score must fall to its chance
    level. A control that does not has found a leak.

    Args:
        embeddings: Vectors by modality, all in one space.
        metrics: Names in the metric grammar.
        seed: The run's seed; it decides the permutations and the resamples.
        resamples: How many resamples an interval is made from.
        progress: Where directions are counted.
    """
    shuffled = {
        modality: vectors if modality is Modality.TEXT else shuffle_labels(vectors, seed)
        for modality, vectors in embeddings.items()
    }
    return evaluate_vectors(shuffled, metrics, seed=seed, resamples=resamples, progress=progress)


def compare(
    first: Evaluation, second: Evaluation, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Difference, ...]:
    """Return first minus second in every direction that both have, over the same queries.

    Raises:
        InputError: A direction was not scored over the same queries, corpus and metrics.
    """
    others = {scores.direction: scores for scores in second.per_query}
    return tuple(
        row
        for scores in first.per_query
        if scores.direction in others
        for row in difference(scores, others[scores.direction], seed=seed, resamples=resamples)
    )


def _check(embeddings: Embedded) -> list[Modality]:
    """Return the modalities without rows."""
    for modality, vectors in embeddings.items():
        if vectors.modality != modality:
            raise InputError(
                "vectors under the wrong modality", expected=modality, seen=vectors.modality
            )
    return [
        modality
        for modality in Modality
        if modality in embeddings and not len(embeddings[modality])
    ]


def _directions(
    embeddings: Embedded,
) -> Iterator[tuple[_Builder, LabelledVectors, LabelledVectors]]:
    media = [embeddings[modality] for modality in MEDIA_MODALITIES if modality in embeddings]
    if Modality.TEXT in embeddings:
        text = embeddings[Modality.TEXT]
        for items in media:
            yield text_to_items, text, items
            yield items_to_text, items, text
    for queries, corpus in permutations(media, 2):
        yield items_to_items, queries, corpus


def _why(task: RetrievalTask) -> str:
    if task.relevant_by == "concept":
        return "no concept has items in both"
    items = task.corpus if task.query is Modality.TEXT else task.query
    return f"no {items} item has a caption that has a vector"
