"""The steps of the similarity pipeline between folders: prepare, search, evaluate."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.similarity.clip_files import write_clips
from pentad.evaluation.similarity.compat import as_compat
from pentad.evaluation.similarity.judge import Judged, judge_rankings, judge_vectors
from pentad.evaluation.similarity.labels import Families, LabelTable
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.prepare import Recipe, prepare
from pentad.evaluation.similarity.ranking_file import read_rankings, write_rankings
from pentad.evaluation.similarity.rankings import Rankings, search_blocks
from pentad.evaluation.similarity.report import (
    DEFAULT_METRICS,
    SimilarityReport,
    similarity_metrics,
    summarize_similarity,
)
from pentad.evaluation.similarity.scoring import as_search
from pentad.evaluation.similarity.truth_files import read_families, read_labels
from pentad.pipeline.similarity.opened import is_workspace, open_frames, open_vectors
from pentad.pipeline.similarity.room import require_room

DEFAULT_SEARCH = "nn"
FORMS = ("pentad", "json")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Truth:
    """Where labels and families are.

    Attributes:
        labels: CSV of names and labels.
        families: JSON of families, or None.
    """

    labels: Path
    families: Path | None = None

    def read(self) -> tuple[LabelTable, Families | None]:
        """Return the labels, and the families as far as their labels occur.

        Raises:
            InputError: A file is wrong.
        """
        table = read_labels(self.labels)
        if self.families is None:
            return table, None
        return table, Families.within(read_families(self.families), table.classes)


def prepare_step(
    source: str | Path,
    out: str | Path,
    recipe: Recipe,
    *,
    modality: str | None = None,
    space: str | None = None,
    fit_on: str | Path | None = None,
    form: str = "pentad",
) -> NamedVectors:
    """Prepare the vectors of a folder or workspace and write them as an embeddings folder.

    Args:
        source: What `open_frames` opens.
        out: The folder to write; it is new, empty, or an earlier one of this kind.
        recipe: What to do.
        modality: See `open_frames`.
        space: See `open_frames`; of the workspace, where one of the two is none.
        fit_on: Another folder or workspace on which PCA is fitted; None: the items themselves.
        form: ``pentad``, or ``json`` for one file an item as the published program has them.

    Raises:
        InputError: The vectors cannot be read or prepared so, or the folder holds something else;
            nothing is written then.
    """
    if form not in FORMS:
        raise UnknownName("format", form, FORMS)
    require_room(Path(out), Path(source), any_files=form == "json")
    here = space if fit_on is None or is_workspace(source) else None
    frames = open_frames(source, modality=modality, space=here)
    reference = None
    if fit_on is not None:
        there = None if is_workspace(source) and not is_workspace(fit_on) else space
        reference = open_frames(fit_on, modality=modality, space=there)
    prepared = prepare(frames, recipe, fit_on=reference)
    if form == "json":
        write_clips(prepared, out)
    else:
        prepared.save(out)
    return prepared


def search_step(
    folder: str | Path,
    out: str | Path,
    search: str,
    k: int,
    *,
    truth: str | Path | None = None,
    progress: Progress = SILENT,
) -> tuple[int, int]:
    """Rank the items of a prepared folder for each other and write JSON lines.

    Args:
        folder: What `open_vectors` opens.
        out: The file to write.
        search: ``dot``, ``cosine`` or ``euclidean``.
        k: How many items of each query; -1 for all.
        truth: CSV of labels; queries and corpus are the items that are in it.
        progress: Where to report.

    Returns:
        How many queries there were, and how many results each has.

    Raises:
        InputError: Nothing can be searched so.
        StoreError: The folder is not prepared.
    """
    way = as_search(search)
    if Path(out).is_dir():
        raise InputError("is a folder, where a file is to be written", file=out)
    vectors = open_vectors(folder)
    if truth is not None:
        vectors = only_labelled(vectors, read_labels(truth))
    blocks = search_blocks(vectors, way, k, progress=progress)
    count = write_rankings(blocks, out)
    return count, len(vectors) - 1 if k < 0 else min(k, len(vectors) - 1)


def evaluate_step(
    source: str | Path,
    truth: Truth,
    metrics: Sequence[str],
    *,
    search: str | None = None,
    compat: str | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> SimilarityReport:
    """Judge rankings of a file, or the whole rankings of a prepared folder.

    Args:
        source: JSON lines of `search_step`, or a folder that `open_vectors` opens.
        truth: Labels and families.
        metrics: Names in the metric grammar; none for `map@15` and, of whole rankings, `mr1`.
        search: Of a folder, how close two vectors are; with ``compat="sss"`` ``mr1`` is of
            Euclidean distance whatever is said.
        compat: ``sss`` for the definitions of the published program.
        seed: Seed of the intervals.
        progress: Where to report.

    Raises:
        InputError: A file is wrong, or a metric needs whole rankings and these are not.
    """
    path, rules = Path(source), as_compat(compat)
    wanted = similarity_metrics(metrics)
    way = as_search(search or DEFAULT_SEARCH)
    labels, families = truth.read()
    if path.is_dir():
        vectors = only_labelled(open_vectors(path), labels)
        found = judge_vectors(vectors, labels, way, wanted, compat=rules, progress=progress)
        used = way.value
    else:
        if search is not None:
            raise InputError("a file of rankings says itself how they were searched", file=path)
        rankings = read_rankings(path)
        if not metrics and not rankings.whole:
            wanted = similarity_metrics(DEFAULT_METRICS[:1])
        _tell_unknown(rankings, labels)
        found = judge_rankings(rankings, labels, wanted, compat=rules)
        used = rankings.search
    _tell(found, families)
    settings = {"source": str(source), "search": used, "compat": rules.value}
    return summarize_similarity(found, families, seed=seed, settings=settings)


def only_labelled(vectors: NamedVectors, labels: LabelTable) -> NamedVectors:
    """Return the items that have labels; how many have none is told.

    Raises:
        InputError: Fewer than two have.
    """
    keep = require_labelled(vectors.names, labels)
    tell_unlabelled(len(vectors), len(labels), len(keep))
    return vectors.take(keep)


def tell_unlabelled(items: int, labelled: int, both: int) -> None:
    """Say how many items have no labels, and how many labels no item."""
    if both < items:
        _log.warning("%d of %d items have no labels and are left out", items - both, items)
    if both < labelled:
        _log.warning("%d labelled items have no vector", labelled - both)


def require_labelled(names: Sequence[str], labels: LabelTable) -> NDArray[np.int64]:
    """Return int64 (labelled,): which of the names have labels.

    Raises:
        InputError: Fewer than two have.
    """
    keep = np.flatnonzero(labels.rows_of(names) >= 0)
    if not len(keep):
        expected = f"names such as {labels.names[0]!r}"
        raise InputError("no item has labels", expected=expected, seen=repr(names[0]))
    if len(keep) < 2:
        raise InputError("a search needs two items with labels", seen=f"one, {names[keep[0]]!r}")
    return keep


def _tell_unknown(rankings: Rankings, labels: LabelTable) -> None:
    """Say how many items of the rankings have no labels, and what has labels but no place there."""
    known = int((labels.rows_of(rankings.names) >= 0).sum())
    items = len(rankings.names)
    if 0 < known < items:
        _log.warning("%d of %d items have no labels and are left out", items - known, items)
    if 0 < known < len(labels):
        what = "do not count" if rankings.whole else "count as not found"
        _log.warning("%d labelled items are in no ranking; they %s", len(labels) - known, what)


def _tell(judged: Judged, families: Families | None) -> None:
    if judged.short:
        _log.warning(
            "%d of %d queries have fewer results than a metric looks at; what is missing counts "
            "as not relevant",
            judged.short, len(judged.queries),
        )  # fmt: skip
    if families is not None and families.empty:
        _log.warning("no label occurs of the families %s", ", ".join(families.empty))
