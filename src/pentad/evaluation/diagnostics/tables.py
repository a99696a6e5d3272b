"""A diagnosis as tables: rows of text with a header, and how many columns hold words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.diagnosis import Diagnosis
from pentad.evaluation.diagnostics.hubs_of import Hubs
from pentad.evaluation.diagnostics.shares import Share, imbalance
from pentad.evaluation.scores import Score
from pentad.evaluation.tables import score_rows

COMPARED_AT = 15
_ABSENT = "-"


class Table(NamedTuple):
    """One table.

    Attributes:
        name: Of its file.
        title: For people.
        rows: The header, then lines.
        words: How many of the first columns hold words.
        about: What the numbers are, one or two sentences.
    """

    name: str
    title: str
    rows: list[list[str]]
    words: int
    about: str


def all_tables(diagnosis: Diagnosis) -> list[Table]:
    """Return every table that has lines, in the order in which a reader needs them."""
    tables = [
        _consists(diagnosis),
        *(_matrix(diagnosis, metric) for metric in _metrics(diagnosis.directions)),
        *(_shares(diagnosis, query) for query in diagnosis.modalities),
        _options(diagnosis),
        _gaps(diagnosis),
        _spread(diagnosis),
        _hubs(diagnosis),
    ]
    return [table for table in tables if len(table.rows) > 1]


def directions_table(diagnosis: Diagnosis) -> Table:
    """Return every direction and metric as a line: value with its interval, chance, n and pool.

    It is long, so it is written and not printed.
    """
    rows = score_rows({"value": diagnosis.directions})
    about = "With 95 % intervals over concepts; pool is how many items are searched."
    return Table("directions", "Every direction, every metric", rows, 3, about)


def matrix_rows(
    scores: Sequence[Score], modalities: Sequence[Modality], metric: str
) -> list[list[str]]:
    """Return one metric with a row a query modality and a column a searched one.

    A cell is the value and, in parentheses, its chance level; ``-`` where nothing could be judged.
    """
    cells = {(s.query, s.corpus): s for s in scores if s.metric == metric}
    return [
        ["asks \\ searched", *(m.value for m in modalities)],
        *([q.value, *(_cell(cells.get((q, c))) for c in modalities)] for q in modalities),
    ]


def _cell(score: Score | None) -> str:
    return _ABSENT if score is None else f"{score.value:.3f} ({score.chance:.3f})"


def _metrics(scores: Sequence[Score]) -> list[str]:
    return list(dict.fromkeys(score.metric for score in scores))


def _consists(diagnosis: Diagnosis) -> Table:
    header = ["modality", "vectors", "zero", "with a concept", "concepts"]
    rows = [
        [r.modality.value, str(r.rows), str(r.zero), str(r.labelled), str(r.concepts)]
        for r in diagnosis.rows
    ]
    about = f"Vectors have {diagnosis.dim} values and are compared by cosine."
    return Table("vectors", "What was looked at", [header, *rows], 1, about)


def _matrix(diagnosis: Diagnosis, metric: str) -> Table:
    rows = matrix_rows(diagnosis.directions, diagnosis.modalities, metric)
    known = any(score.metric == metric for score in diagnosis.directions)
    about = (
        "In parentheses what a random order scores. To and from text what has the caption is "
        "relevant, elsewhere what has the concept; within a modality the query itself is left out."
    )
    name = f"directions-{metric.replace('@', '-at-')}"
    return Table(name, f"{metric} in every direction", rows if known else [], 1, about)


def _shares(diagnosis: Diagnosis, query: Modality) -> Table:
    shares = [s for s in diagnosis.shares.get("raw", ()) if s.query is query]
    ks = list(dict.fromkeys(s.k for s in shares))
    found = {(s.k, s.corpus): s for s in shares}
    corpora = list(dict.fromkeys(s.corpus for s in shares))
    rows = [[f"first {k}", *(_interval(found[k, m]) for m in corpora)] for k in ks]
    fair = [["fair", *(f"{found[ks[0], m].fair:.3f}" for m in corpora)]] if ks else []
    about = (
        f"All modalities searched at once by cosine, {shares[0].n if shares else 0} queries. "
        "Fair is what a list that favors none has."
    )
    header = [f"{query} asks", *(m.value for m in corpora)]
    title = f"Who is in mixed lists when {query} asks"
    return Table(f"shares-{query}", title, [header, *rows, *fair] if ks else [], 1, about)


def _options(diagnosis: Diagnosis) -> Table:
    metrics = list(dict.fromkeys(s.metric for s in diagnosis.mixed))
    header = ["mixed lists by", *metrics, f"unfair@{COMPARED_AT}"]
    rows = []
    for option, shares in diagnosis.shares.items():
        values = [
            _mean([s.value for s in diagnosis.mixed if (s.option, s.metric) == (option, metric)])
            for metric in metrics
        ]
        rows.append([option, *values, _mean(_imbalances(shares))])
    about = (
        "Means over query modalities. hit: something relevant is there; precision: the share that "
        "is relevant; covered: of the modalities that have something relevant, the share that is "
        "represented by it; unfair: the share of the places that are not with their fair modality."
    )
    return Table("options", "Ways to merge modalities", [header, *rows], 1, about)


def _imbalances(shares: Sequence[Share]) -> list[float]:
    queries = dict.fromkeys(s.query for s in shares)
    lists = [[s for s in shares if s.query is q and s.k == COMPARED_AT] for q in queries]
    return [imbalance(rows) for rows in lists if rows]


def _gaps(diagnosis: Diagnosis) -> Table:
    header = ["modalities", "gap", "if mixed", "cosine between", "within", "told apart", "shuffled"]
    separable = {s.modalities: s for s in diagnosis.separability}
    rows = []
    for gap in diagnosis.gaps:
        found = separable.get((gap.left, gap.right))
        told = [_ABSENT, _ABSENT] if found is None else [
            f"{found.accuracy:.3f} [{found.low:.3f}, {found.high:.3f}]", f"{found.control:.3f}"
        ]  # fmt: skip
        within = _ABSENT if gap.within is None else f"{gap.within:.3f}"
        numbers = [f"{gap.distance:.3f}", f"{gap.control:.3f}", f"{gap.cosine:.3f}", within]
        rows.append([f"{gap.left} | {gap.right}", *numbers, *told])
    about = (
        "Gap: distance of the centers of unit vectors, 0 to 2, and beside it that of a random "
        "division. Told apart: balanced accuracy of a linear classifier on held-out concepts "
        "(0.5: it guesses), and the same after shuffling."
    )
    return Table("gaps", "How far apart modalities lie", [header, *rows], 1, about)


def _spread(diagnosis: Diagnosis) -> Table:
    header = ["", "vectors", "alignment with text", "random pairs", "uniformity", "even"]
    aligned = {a.right: a for a in diagnosis.alignment}
    rows = []
    for row in diagnosis.uniformity:
        found = None if row.modality is None else aligned.get(row.modality)
        near = [_ABSENT, _ABSENT] if found is None else [
            f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]", f"{found.control:.3f}"
        ]  # fmt: skip
        name = "all together" if row.modality is None else row.modality.value
        count = str(row.n) if row.n == row.of else f"{row.n} of {row.of}"
        rows.append([name, count, *near, f"{row.value:.3f}", f"{row.even:.3f}"])
    about = (
        "Alignment: mean squared distance of a caption and its item, 0 to 4, less is better. "
        "Uniformity: less is more even; even is what points drawn evenly from the sphere have."
    )
    return Table("spread", "Alignment and uniformity", [header, *rows], 1, about)


def _hubs(diagnosis: Diagnosis) -> Table:
    header = [
        "direction",
        "queries",
        "items",
        "k",
        "never found",
        "by chance",
        "max/mean",
        "skew",
        "Gini",
    ]
    rows = [_hub_row(h) for h in diagnosis.hubs]
    about = (
        "How unevenly items are among the k nearest. Above a skew of 1 there are hubs. By chance: "
        "the share that lists drawn blindly would never hold."
    )
    return Table("hubs", "Hubs", [header, *rows], 1, about)


def _hub_row(hubs: Hubs) -> list[str]:
    found = hubs.report
    counts = [str(n) for n in (found.queries, found.items, found.k)]
    # What lists drawn blindly would never hold: few queries leave much unfound without any hubs.
    missed = (1 - found.k / max(found.items, 1)) ** found.queries
    figures = (found.never_retrieved, missed, found.max_to_mean, found.skew, found.gini)
    return [f"{hubs.query} -> {hubs.corpus}", *counts, *(f"{value:.3f}" for value in figures)]


def _interval(share: Share) -> str:
    return f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}]"


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else _ABSENT
