"""`evaluate_tasks`: a model of a workspace on benchmarks, with a flag for what it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pentad.core.progress import SILENT, Progress
from pentad.encoders.protocol import Encoder, space_of
from pentad.pipeline.benchmark import (
    BenchmarkOptions,
    BenchmarkSummary,
    benchmark,
    models_by_modality,
)
from pentad.pipeline.models import find_model, model_names
from pentad.pipeline.plan import load_encoders
from pentad.store.workspace import Workspace


def evaluate_tasks(
    workspace: str | Path,
    data: str | Path,
    tasks: Sequence[str],
    *,
    model: str | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> BenchmarkSummary:
    """Score a model on benchmarks; the run lies in ``reports/benchmarks-<space>`` of the workspace.

    A model that was trained anew has another space, and a run of its own; so has another seed.

    Args:
        workspace: Folder of the workspace, which is taken for what the model was trained on.
        data: Folder of a data set, or of several beside one another.
        tasks: Names of benchmarks.
        model: Name of a saved model or of an encoder; default the final model.
        seed: Seed of the intervals.
        workers: Decoder processes; default one a processor.
        progress: Where to report.

    Raises:
        StoreError: There is no workspace or no model.
        UnknownName: There is no such model or benchmark.
        InputError: Nothing could be scored.
    """
    opened = Workspace.open(workspace)
    found: Encoder
    if model is None or model in model_names(opened):
        found = find_model(opened, model)
    else:
        found = load_encoders([model])[0][1].encoder
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in space_of(found))
    run = f"benchmarks-{name}" + (f"-seed-{seed}" if seed else "")
    return benchmark(
        data,
        models_by_modality([(None, found)]),
        opened.root / "reports" / run,
        name=model or found.name,
        tasks=tasks,
        options=BenchmarkOptions(seed, workers, train=opened.root),
        progress=progress,
    )
