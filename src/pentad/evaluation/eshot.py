"""EShot: zero-shot classification of sounds by clouds, and of clouds by sounds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.protocol import Encoder, space_of
from pentad.evaluation.encode import Vectors
from pentad.evaluation.eshot_vectors import Vectorizer, eshot_vectors
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval
from pentad.evaluation.metrics.grammar import Metric
from pentad.evaluation.scores import QueryScores
from pentad.evaluation.zero_shot import (
    TOP,
    Accuracy,
    TopK,
    ZeroShot,
    top_accuracies,
    zero_shot,
)

if TYPE_CHECKING:
    from pentad.sources.emm1.eshot import EShot

VERSION = 1
DIRECTIONS = (("audio", "points"), ("points", "audio"))
_TOLD = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Direction:
    """One direction of the benchmark.

    Attributes:
        query: Modality of what is classified.
        examples: Modality of the class vectors.
        top: Accuracies, for k = 1 and 5.
        classes: How many classes were ranked.
        without_vector: Classes none of whose examples has an embedding.
        without_queries: Classes that were ranked and have no query left.
    """

    query: str
    examples: str
    top: tuple[TopK, ...]
    classes: int
    without_vector: tuple[str, ...] = ()
    without_queries: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in the JSON, such as ``audio_to_points``."""
        return f"{self.query}_to_{self.examples}"


@dataclass(frozen=True)
class EShotReport:
    """The scores of one model on EShot.

    Attributes:
        directions: Sounds by clouds, then clouds by sounds.
        settings: What the scores depend on, as plain values.
        missing: What could not take part, as plain values.
    """

    directions: tuple[Direction, ...]
    settings: Mapping[str, Any]
    missing: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        r"""Return the report as plain values.

        {"audio_to_points": {"top1": {"micro", "macro", "micro_interval", "macro_interval",
                                      "correct", "n", "chance"},
                             "top5": {as top1},
                             "per_class": {name: {"top1": {"value", "correct", "n"},
                                                  "top5": {...}}}},
         "points_to_audio": {...},
         "settings": {...}, "missing": {...}, "version": 1}
        """
        found: dict[str, Any] = {each.key: _direction_json(each) for each in self.directions}
        return {
            **found,
            "settings": dict(self.settings),
            "missing": dict(self.missing),
            "version": VERSION,
        }


def evaluate_eshot(
    eshot: EShot,
    model: Vectorizer | tuple[Vectorizer, Vectorizer],
    *,
    normalize_members: bool = False,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> EShotReport:
    """Score a model on EShot by the published protocol.

    Args:
        eshot: The benchmark.
        model: An encoder of both modalities; a function that takes a list of paths (and, if it has
            a second argument, the modality) and returns their matrix in the same order; or a pair:
            one for the sounds and one for the clouds, each of which may also be a matrix with one
            row for each row of the info table.
        normalize_members: Give every example length 1 before the mean of a class is taken. The
            published protocol does not.
        seed: Seed of the intervals.
        workers: Decoder processes; default one a processor.
        progress: Where to report.

    Returns:
        The report. Rows without a file, and files that cannot be decoded, take no part; they are
        counted and listed in ``missing``.

    Raises:
        InputError: Embeddings do not fit, are not finite or zero, or nothing is left to classify.
        SpaceMismatch: Two encoders have different spaces.
    """
    ranked = rank_eshot(
        eshot, model, normalize_members=normalize_members, workers=workers, progress=progress
    )
    found = ranked.vectors
    directions = tuple(_direction(q, e, each, seed) for (q, e), each in ranked.directions.items())
    settings = {
        "normalize_members": normalize_members,
        "seed": seed,
        "resamples": RESAMPLES,
        "confidence": CONFIDENCE,
        "interval": "bootstrap over classes",
        "classes": len(eshot.categories),
        "rows": {modality: eshot.table(modality).height for modality in found},
        "dim": int(found["audio"].vectors.shape[1]),
        "model": {m: _described(s) for m, s in zip(found, _pair(model), strict=True)},
    }
    return EShotReport(directions, settings, _missing(eshot, found, directions))


@dataclass(frozen=True, eq=False)
class RankedEShot:
    """Where the own class of every query came.

    Attributes:
        vectors: Modality -> its embeddings.
        directions: (query, examples) -> the ranking.
    """

    vectors: Mapping[str, Vectors]
    directions: Mapping[tuple[str, str], ZeroShot]


def rank_eshot(
    eshot: EShot,
    model: Vectorizer | tuple[Vectorizer, Vectorizer],
    *,
    normalize_members: bool = False,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> RankedEShot:
    """Rank the classes for every query; arguments and errors are those of `evaluate_eshot`."""
    pair = _pair(model)
    _check_pair(pair)
    found = {
        modality: eshot_vectors(eshot, modality, source, workers=workers, progress=progress)
        for modality, source in zip(("audio", "points"), pair, strict=True)
    }
    _check_dims(found)
    _tell_missing(found)
    return RankedEShot(
        found,
        {
            (query, examples): zero_shot(
                found[query].vectors,
                found[examples].vectors,
                query_rows=_positions(eshot, query, found[query]),
                example_rows=_positions(eshot, examples, found[examples]),
                normalize_members=normalize_members,
            )
            for query, examples in DIRECTIONS
        },
    )


def eshot_scores(ranked: RankedEShot, ks: Sequence[int] = TOP) -> list[QueryScores]:
    """Return accuracy@k of every query, one entry a direction; a class is what is resampled."""
    return [_query_scores(q, e, each, ks) for (q, e), each in ranked.directions.items()]


def _query_scores(query: str, examples: str, found: ZeroShot, ks: Sequence[int]) -> QueryScores:
    classes = len(found.classes)
    names = [
        f"{row}:{found.classes[label]}"
        for row, label in zip(found.queries.tolist(), found.labels.tolist(), strict=True)
    ]
    chance = np.array([min(k, classes) / classes for k in ks])
    return QueryScores(
        query=Modality(query),
        corpus=Modality(examples),
        metrics=tuple(Metric("accuracy", k) for k in ks),
        values=np.stack([found.correct(k).astype(np.float64) for k in ks]),
        chance=np.repeat(chance[:, None], len(names), axis=1),
        queries=np.array(names, dtype=object),
        units=found.labels,
        relevant=np.ones(len(names), np.int64),
        pool=classes,
        relevant_by="class",
    )


def _pair(model: Vectorizer | tuple[Vectorizer, Vectorizer]) -> tuple[Vectorizer, Vectorizer]:
    return model if isinstance(model, tuple) else (model, model)


def _check_pair(pair: Sequence[Vectorizer]) -> None:
    if len(pair) != 2:
        raise InputError("one model for the sounds and one for the clouds", seen=f"{len(pair)}")
    spaces = [space_of(each) for each in pair if isinstance(each, Encoder)]
    if len(spaces) == 2 and spaces[0] != spaces[1]:
        raise SpaceMismatch(spaces[0], spaces[1])


def _check_dims(found: Mapping[str, Vectors]) -> None:
    audio, points = (found[m].vectors.shape[1] for m in ("audio", "points"))
    if audio != points:
        raise InputError(
            "the embeddings of the two modalities differ in length and cannot be compared",
            expected=f"{audio} numbers, as for audio",
            seen=f"{points} for points",
        )


def _positions(eshot: EShot, modality: str, found: Vectors) -> dict[str, NDArray[np.int64]]:
    """Return category -> rows of the matrix, those without a vector left out."""
    place = np.full(eshot.table(modality).height, -1)
    place[found.rows] = np.arange(len(found.rows))
    named = {name: place[rows] for name, rows in eshot.rows(modality).items()}
    return {name: rows[rows >= 0] for name, rows in named.items()}


def _direction(query: str, examples: str, found: ZeroShot, seed: int) -> Direction:
    top = top_accuracies(found, seed=seed, name=f"{query} {examples}")
    return Direction(
        query,
        examples,
        tuple(top),
        len(found.classes),
        found.without_vector,
        found.without_queries,
    )


def _tell_missing(found: Mapping[str, Vectors]) -> None:
    for modality, vectors in found.items():
        if not vectors.missing:
            continue
        total = len(vectors.rows) + len(vectors.missing)
        absent = sum(each.absent for each in vectors.missing)
        _log.warning(
            "%d of %d %s items have no vector and are left out; %d have no file",
            len(vectors.missing), total, modality, absent,
        )  # fmt: skip
        refused = [each for each in vectors.missing if not each.absent]
        for each in refused[:_TOLD]:
            _log.warning("%s: %s", each.file, each.reason)
        if len(refused) > _TOLD:
            _log.warning("... and %d more, all of them in --json", len(refused) - _TOLD)


def _missing(
    eshot: EShot, found: Mapping[str, Vectors], directions: Sequence[Direction]
) -> dict[str, Any]:
    media = {
        modality: {
            "count": len(vectors.missing),
            "of": len(vectors.rows) + len(vectors.missing),
            "in_no_class": len(eshot.unclassed(modality)),
            "files": [each.to_json() for each in vectors.missing],
        }
        for modality, vectors in found.items()
    }
    classes = {
        each.key: {
            "without_vector": list(each.without_vector),
            "without_queries": list(each.without_queries),
        }
        for each in directions
    }
    return {**media, "classes": classes, "only_in": dict(eshot.only_in)}


def _direction_json(direction: Direction) -> dict[str, Any]:
    found: dict[str, Any] = {f"top{top.k}": _top_json(top) for top in direction.top}
    names = direction.top[0].per_class
    found["per_class"] = {
        name: {f"top{top.k}": asdict(top.per_class[name]) for top in direction.top}
        for name in names
    }
    return found


def _top_json(top: TopK) -> dict[str, Any]:
    total: Accuracy = top.total
    return {
        "micro": top.micro.value,
        "macro": top.macro.value,
        "micro_interval": _ends(top.micro),
        "macro_interval": _ends(top.macro),
        "correct": total.correct,
        "n": total.n,
        "chance": top.chance,
    }


def _ends(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _described(source: Vectorizer) -> str:
    if isinstance(source, Encoder):
        return space_of(source)
    if callable(source):
        name = getattr(source, "__qualname__", type(source).__qualname__)
        return f"{getattr(source, '__module__', '')}:{name}"
    return "embeddings"
