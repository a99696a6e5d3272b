"""`diagnose`: what the space of a workspace is like, measured, written and handed back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pentad.core.progress import SILENT, Progress
from pentad.evaluation.diagnostics.diagnosis import Diagnosis, diagnose_vectors
from pentad.evaluation.diagnostics.directions import METRICS
from pentad.evaluation.diagnostics.write import write_diagnosis
from pentad.pipeline.placed_labels import workspace_vectors
from pentad.store.outputs import output_folder

DIAGNOSES = "reports/diagnosis"
SEEN = (
    "the items of the workspace are what its model has learned from: these figures say what its "
    "space is like, and 'pentad evaluate' how well it does on what it has not seen"
)


def diagnose(
    workspace: str | Path,
    *,
    model: str | None = None,
    space: str | None = None,
    metrics: Sequence[str] = METRICS,
    out: str | Path | None = None,
    queries: int = 2000,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[Diagnosis, list[Path]]:
    """Measure the space of all items of a workspace and write tables and figures.

    Args:
        workspace: Folder of the workspace.
        model: A saved model; default the final one.
        space: A space in ``embeddings/`` instead of a model.
        metrics: Names in the metric grammar, for the directions.
        out: Folder for the files; default ``reports/diagnosis`` of the workspace.
        queries: Queries of each modality for mixed lists and hubs; more are sampled.
        seed: Of everything random.
        progress: Where to report.

    Returns:
        The figures, and the paths that were written.

    Raises:
        StoreError: There is no workspace, no model or no vector, or a file cannot be written.
        UnknownName: There is no such model, space or metric.
        InputError: Both a model and a space are named, or ``out`` is a file.
    """
    folder = output_folder(Path(workspace) / DIAGNOSES if out is None else out)
    name, vectors = workspace_vectors(workspace, model=model, space=space)
    found = diagnose_vectors(
        vectors,
        metrics=metrics,
        queries=queries,
        seed=seed,
        settings={"space": name},
        progress=progress,
    )
    if space is None:
        found = replace(found, notes=(SEEN, *found.notes))
    return found, write_diagnosis(found, folder)
