"""Every combination of aggregation, PCA, normalisation and search, each judged once.

OUT/prepared/<variant>/             vectors of a variant, as `pentad similarity prepare` writes
OUT/cells/<variant>/<search>.json   its scores, written when a cell is done
OUT/results.csv .parquet .json      one row a cell and metric
OUT/classes.csv                     one row a cell, metric and class
OUT/*.svg                           figures
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from time import process_time
from typing import Any

from pentad.core.engine import get_engine
from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.similarity.compat import as_compat
from pentad.evaluation.similarity.frames import NamedFrames
from pentad.evaluation.similarity.judge import judge_vectors
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.prepare import NO_PCA, Recipe, prepare
from pentad.evaluation.similarity.report import similarity_metrics, summarize_similarity
from pentad.evaluation.similarity.scoring import Search, as_search
from pentad.pipeline.similarity.opened import open_frames
from pentad.pipeline.similarity.room import require_grid_folder
from pentad.pipeline.similarity.steps import Truth, require_labelled, tell_unlabelled
from pentad.store.atomic import write_json
from pentad.store.records import read_record

PCA = (100, 200, NO_PCA)
METRICS = ("map@15", "map@150", "mr1")
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_VERSION = 1


@dataclass(frozen=True)
class Axes:
    """What is combined.

    Attributes:
        aggregate: Ways to make one vector of frames; empty for all of them where items have
            several frames, else ``none``.
        pca: Numbers of components, -1 is none; empty for those of 100, 200 and none that the
            vectors have.
        normalize: Whether vectors get length 1 in the end; both for both.
        search: How close two vectors are.
    """

    aggregate: tuple[str, ...] = ()
    pca: tuple[int, ...] = ()
    normalize: tuple[bool, ...] = (False,)
    search: tuple[str, ...] = ("dot", "cosine", "euclidean")


@dataclass(frozen=True)
class Settings:
    """What the scores depend on besides the vectors.

    Attributes:
        truth: Labels and families.
        metrics: Names in the metric grammar.
        compat: ``sss`` for the definitions of the published program.
        seed: Of the intervals.
    """

    truth: Truth
    metrics: tuple[str, ...] = METRICS
    compat: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Cell:
    """One combination.

    Attributes:
        recipe: How the vectors are prepared.
        search: How close two of them are.
        dim: How many dimensions the vectors have before.
    """

    recipe: Recipe
    search: Search
    dim: int

    @property
    def variant(self) -> str:
        """Its name as the published program spells it."""
        components = str(self.dim if self.recipe.pca == NO_PCA else self.recipe.pca)
        if self.recipe.pca == self.dim:
            # They spell this as no PCA at all; but it centres, which changes products.
            components += f"_of_{self.dim}"
        return f"Agg_{self.recipe.aggregate}-PCA_{components}-Norm_{self.recipe.normalize}"


def run_grid(
    source: str | Path,
    out: str | Path,
    axes: Axes,
    settings: Settings,
    *,
    modality: str | None = None,
    space: str | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> list[dict[str, Any]]:
    """Prepare, search and judge every combination; what is done already is kept.

    Args:
        source: What `open_frames` opens.
        out: The folder of the grid. Cells of other vectors, labels or metrics are made anew.
        axes: What is combined.
        settings: Labels, metrics, definitions.
        modality: See `open_frames`.
        space: See `open_frames`.
        workers: Processes; default one a processor. Scores do not depend on it.
        progress: Where to report.

    Returns:
        One result a cell, as `judge_cell` writes it, in the order of the axes.

    Raises:
        InputError: The vectors or labels cannot be read, or a combination is impossible; then
            nothing is begun.
    """
    require_grid_folder(Path(out), Path(source))
    frames = open_frames(source, modality=modality, space=space)
    cells = cells_of(frames, axes)
    similarity_metrics(settings.metrics)
    as_compat(settings.compat)
    labels, _ = settings.truth.read()
    tell_unlabelled(len(frames), len(labels), len(require_labelled(frames.names, labels)))
    root, key = Path(out), _key(frames, settings)
    variants = {cell.variant: cell for cell in cells}
    processes = workers or os.cpu_count() or 1
    with progress.task("prepare", len(variants)) as task:
        for cell in variants.values():
            _prepared(root, frames, cell, key)
            task.advance()
    jobs = [(str(root), cell, settings, key) for cell in cells]
    missing = [job for job in jobs if _done(*job) is None]
    with progress.task("similarity grid", len(jobs)) as task, _one_thread(processes):
        task.advance(len(jobs) - len(missing))
        for _ in get_engine("local", workers=processes).run(judge_cell, missing):
            task.advance()
    found = [_done(*job) for job in jobs]
    return [result for result in found if result is not None]


def cells_of(frames: NamedFrames, axes: Axes) -> list[Cell]:
    """Return every combination, each once.

    Raises:
        InputError: There are too few items or dimensions for a PCA, or items have several frames
            and are not to be aggregated.
    """
    several = len(frames.vectors) > len(frames)
    ways = axes.aggregate or (("mean", "median", "max") if several else ("none",))
    if several and "none" in ways:
        raise InputError("items have several frames; aggregate by mean, median or max")
    dim = int(frames.vectors.shape[1])
    most = min(len(frames), dim)
    sizes = axes.pca or tuple(components for components in PCA if components <= most)
    if max(sizes) > most:
        expected = f"at most {most}, or -1 for none"
        raise InputError("PCA cannot give as many components", expected=expected, seen=max(sizes))
    cells = [
        Cell(Recipe(way, pca, normalize), as_search(search), dim)
        for way, pca, normalize, search in product(ways, sizes, axes.normalize, axes.search)
    ]
    return list({(cell.variant, cell.search): cell for cell in cells}.values())


def judge_cell(job: tuple[str, Cell, Settings, str]) -> None:
    """Judge one combination and write its scores."""
    root, cell, settings, key = job
    begun = process_time()
    labels, families = settings.truth.read()
    vectors = NamedVectors.load(_variant_folder(Path(root), cell))
    vectors = vectors.take(require_labelled(vectors.names, labels))
    metrics = similarity_metrics(settings.metrics)
    compat = as_compat(settings.compat)
    judged = judge_vectors(vectors, labels, cell.search, metrics, compat=compat)
    report = summarize_similarity(judged, families, seed=settings.seed)
    result = {
        "key": key,
        "variant": cell.variant,
        "recipe": asdict(cell.recipe),
        "search": cell.search.value,
        "dim": int(vectors.vectors.shape[1]),
        "items": len(vectors),
        "compat": compat.value,
        "scores": report.to_json(),
        "cpu_seconds": round(process_time() - begun, 3),
    }
    path = _cell_file(Path(root), cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, result)


def _prepared(root: Path, frames: NamedFrames, cell: Cell, key: str) -> None:
    folder = _variant_folder(root, cell)
    record = read_record(folder / "embeddings.json")
    if record is not None and record.intact():
        recipe = record.fields.get("recipe")
        if isinstance(recipe, dict) and recipe.get("key") == key:
            return
    made = prepare(frames, cell.recipe)
    NamedVectors(
        made.names, made.vectors, made.modality, made.space, {**made.recipe, "key": key}
    ).save(folder)


def _done(root: str, cell: Cell, _: Settings, key: str) -> dict[str, Any] | None:
    """Return what a cell has written for these vectors and settings, or None."""
    try:
        found = json.loads(_cell_file(Path(root), cell).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("key") == key else None


def _key(frames: NamedFrames, settings: Settings) -> str:
    """Return what a result depends on, beside its cell."""
    labels, families = settings.truth.read()
    groups = (
        None if families is None else {name: list(own) for name, own in families.labels.items()}
    )
    return fingerprint_value(
        [
            _VERSION,
            list(frames.names),
            fingerprint_array(frames.vectors),
            fingerprint_array(frames.offsets),
            list(labels.names),
            list(labels.classes),
            fingerprint_array(labels.member),
            groups,
            [str(metric) for metric in similarity_metrics(settings.metrics)],
            as_compat(settings.compat).value,
            settings.seed,
        ]
    )[:16]


def _variant_folder(root: Path, cell: Cell) -> Path:
    return root / "prepared" / cell.variant


def _cell_file(root: Path, cell: Cell) -> Path:
    return root / "cells" / cell.variant / f"{cell.search.value}.json"


@contextmanager
def _one_thread(processes: int) -> Iterator[None]:
    """Let the matrix products of several processes use one thread each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    if processes > 1:
        os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
