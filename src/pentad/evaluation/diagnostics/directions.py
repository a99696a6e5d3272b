"""Every direction of a space: from each modality to each other one, and to itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.diagnostics.same_modality import score_same_modality
from pentad.evaluation.diagnostics.space import Space
from pentad.evaluation.retrieval_suite import evaluate_vectors
from pentad.evaluation.scores import Score, Skipped
from pentad.evaluation.summary import summarize

if TYPE_CHECKING:
    from pentad.evaluation.labelled import LabelledVectors

METRICS = ("hit@1", "hit@5", "hit@10", "map@10")

Scores = tuple[Score, ...]


def all_directions(
    embeddings: Mapping[Modality, LabelledVectors],
    space: Space,
    metrics: Sequence[str] = METRICS,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[Scores, tuple[Skipped, ...]]:
    """Return the scores of every direction, and what could not be scored.

    Between two modalities they are those of `evaluate_vectors`: by caption to and from text, by
    concept else. Within a modality what shares the query's concept is relevant.

    Args:
        embeddings: Vectors by modality, all in one space.
        space: What `as_space` makes of them.
        metrics: Names in the metric grammar.
        seed: Of the intervals.
        progress: Where directions are counted.

    Raises:
        UnknownName: A metric is not known.
    """
    scores: list[Score] = []
    skipped: list[Skipped] = []
    if len(space) > 1:
        present = {m: embeddings[m] for m in space}
        try:
            between = evaluate_vectors(present, metrics, seed=seed, progress=progress)
            scores += between.scores
            skipped += between.skipped
        except InputError as error:  # no caption and no concept joins anything
            skipped.append(Skipped("between modalities", str(error)))
    for modality, part in space.items():
        try:
            scores += summarize(score_same_modality(part, metrics), seed=seed)
        except InputError:
            direction = f"{modality} -> {modality}"
            skipped.append(Skipped(direction, "no two items share a concept"))
    return tuple(scores), tuple(skipped)
