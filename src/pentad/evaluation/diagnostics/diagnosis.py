"""`Diagnosis`: all that is measured of a space, and `diagnose_vectors`, which measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.diagnostics.alignment import Alignment, alignments
from pentad.evaluation.diagnostics.directions import METRICS, all_directions
from pentad.evaluation.diagnostics.gap import Gap, modality_gaps
from pentad.evaluation.diagnostics.hubs_of import Hubs, hubs_of
from pentad.evaluation.diagnostics.mixed import Mixed, MixedScore, mixed_lists
from pentad.evaluation.diagnostics.separability import Separability, separabilities
from pentad.evaluation.diagnostics.shares import KS, Share
from pentad.evaluation.diagnostics.space import Part, Space, as_space
from pentad.evaluation.diagnostics.uniformity import Uniformity, uniformities
from pentad.evaluation.scores import Score

if TYPE_CHECKING:
    from pentad.evaluation.labelled import LabelledVectors


@dataclass(frozen=True)
class Rows:
    """What a modality consists of.

    Attributes:
        modality: Which.
        rows: How many vectors it has.
        zero: How many of them are zero.
        labelled: How many have a concept.
        concepts: How many concepts there are.
    """

    modality: Modality
    rows: int
    zero: int
    labelled: int
    concepts: int


@dataclass(frozen=True)
class Diagnosis:
    """What was measured of a space.

    Attributes:
        dim: Length of a vector.
        rows: What each modality consists of.
        directions: Scores of every direction, those within a modality last.
        shares: By option, shares of modalities in mixed lists.
        mixed: What mixed lists are worth, by option.
        gaps: Between every two modalities.
        separability: Of all modalities together, then of every two.
        alignment: Of captions with each modality.
        uniformity: Of each modality, then of all together.
        hubs: Of every direction.
        notes: What was left out and why, one line each.
        settings: What the figures depend on.
    """

    dim: int
    rows: tuple[Rows, ...]
    directions: tuple[Score, ...]
    shares: Mapping[str, tuple[Share, ...]]
    mixed: tuple[MixedScore, ...]
    gaps: tuple[Gap, ...]
    separability: tuple[Separability, ...]
    alignment: tuple[Alignment, ...]
    uniformity: tuple[Uniformity, ...]
    hubs: tuple[Hubs, ...]
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities that have vectors, in the usual order."""
        return tuple(row.modality for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "dim": self.dim,
            "rows": _plain(self.rows),
            "directions": _plain(self.directions),
            "shares": {option: _plain(rows) for option, rows in self.shares.items()},
            "mixed": _plain(self.mixed),
            "gaps": _plain(self.gaps),
            "separability": _plain(self.separability),
            "alignment": _plain(self.alignment),
            "uniformity": _plain(self.uniformity),
            "hubs": [
                {"query": h.query.value, "corpus": h.corpus.value, **h.report.to_json()}
                for h in self.hubs
            ],
            "notes": list(self.notes),
            "settings": dict(self.settings),
            "version": 1,
        }


def diagnose_vectors(
    embeddings: Mapping[Modality, LabelledVectors],
    *,
    metrics: Sequence[str] = METRICS,
    ks: Sequence[int] = KS,
    queries: int = 2000,
    most: int = 5000,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = SILENT,
) -> Diagnosis:
    """Measure a space: directions, mixed lists, gaps, alignment, uniformity, hubs.

    Args:
        embeddings: Vectors by modality, all in one space.
        metrics: For the directions.
        ks: Lengths of mixed lists.
        queries: Queries of each modality for mixed lists and hubs; more are sampled.
        most: Vectors for uniformity; more are sampled.
        seed: Of samples, halves, folds, controls and intervals.
        settings: Further settings to keep with the figures.
        progress: Where to report.

    Raises:
        InputError: There are no vectors, or they are of different lengths.
        SpaceMismatch: Two modalities name different spaces.
        UnknownName: A metric is not known.
    """
    space = as_space(embeddings)
    scores, skipped = all_directions(embeddings, space, metrics, seed=seed, progress=progress)
    mixed = _mixed(space, ks, queries, seed, progress)
    return Diagnosis(
        dim=int(next(iter(space.values())).vectors.shape[1]),
        rows=tuple(_rows(part) for part in space.values()),
        directions=scores,
        shares=_shares(mixed),
        mixed=tuple(score for part in mixed for score in part.scores),
        gaps=modality_gaps(space, seed=seed),
        separability=separabilities(space, seed=seed),
        alignment=alignments(space, seed=seed),
        uniformity=uniformities(space, most=most, seed=seed),
        hubs=tuple(hubs for part in mixed for hubs in hubs_of(space, part)),
        notes=(*(f"{s.what}: {s.reason}" for s in skipped), *_notes(space, mixed, ks)),
        settings={"seed": seed, "queries": queries, "most": most, **(settings or {})},
    )


def _mixed(
    space: Space, ks: Sequence[int], queries: int, seed: int, progress: Progress
) -> list[Mixed]:
    found = []
    with progress.task("mixed lists", len(space)) as bar:
        for modality in space:
            found.append(mixed_lists(space, modality, ks=ks, most=queries, seed=seed))
            bar.advance()
    return found


def _shares(mixed: Sequence[Mixed]) -> dict[str, tuple[Share, ...]]:
    options = dict.fromkeys(option for part in mixed for option in part.shares)
    return {o: tuple(s for part in mixed for s in part.shares.get(o, ())) for o in options}


def _rows(part: Part) -> Rows:
    known = [c for c in part.concepts if c is not None]
    return Rows(part.modality, len(part), part.zeros, len(known), len(set(known)))


def _notes(space: Space, mixed: Sequence[Mixed], ks: Sequence[int]) -> list[str]:
    pool = sum(len(part) for part in space.values()) - 1
    notes = [
        f"{m}: {part.zeros} of {len(part)} vectors are zero; their cosine with everything is 0"
        for m, part in space.items()
        if part.zeros
    ]
    long = [str(k) for k in ks if k >= pool]
    if long:
        notes.append(f"mixed lists of {', '.join(long)} are left out: they would hold all items")
    for part in mixed:
        if part.missing:
            names = ", ".join(part.missing)
            notes.append(
                f"{part.query}: {names} left out; they are learned from half of the units, "
                "and there is one unit"
            )
        if len(part.rows) < len(space[part.query]):
            seen = f"{len(part.rows)} of {len(space[part.query])}"
            notes.append(f"{part.query}: {seen} queries were drawn for mixed lists and hubs")
    if len(space) < 2:
        notes.append("there is one modality, so there is no gap to measure")
    return notes


def _plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{k: _value(v) for k, v in asdict(row).items()} for row in rows]


def _value(value: Any) -> Any:
    if isinstance(value, Modality):
        return value.value
    if isinstance(value, tuple):
        return [_value(part) for part in value]
    if isinstance(value, float) and isnan(value):  # which is no JSON
        return None
    return value
