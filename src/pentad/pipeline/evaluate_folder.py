"""`evaluate_folder`: a saved model on captioned files that it has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pentad.core.errors import InputError, StoreError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.features import Features, embed_features
from pentad.encoders.model import Model
from pentad.evaluation.report import Report
from pentad.evaluation.scores import Skipped
from pentad.pipeline.chain import report_folder
from pentad.pipeline.frozen import freeze
from pentad.pipeline.heldout import judge
from pentad.pipeline.models import BASELINES, find_model, model_names
from pentad.sources.read import read_source
from pentad.store.items import Catalog, empty_catalog
from pentad.store.registry import register
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace


def evaluate_folder(
    workspace: str | Path,
    data: str | Path,
    *,
    model: str | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Report:
    """Score a model on another folder; its files never enter the workspace.

    Args:
        workspace: Folder of the workspace that holds the model.
        data: Folder or table of captioned files.
        model: Name of a saved model; default the final one.
        seed: Seed of the intervals.
        workers: Decoder processes; default one a processor.
        progress: Where to report; refused files are told as notices.

    Raises:
        InputError: There is nothing to read, or nothing that the model can be scored on.
        StoreError: There is no workspace or no model.
    """
    opened = Workspace.open(workspace)
    found = find_model(opened, model)
    catalog = register(empty_catalog(), read_source(data))
    _tell(catalog.rejections, progress)
    if not len(catalog.items(Modality.TEXT)) and not catalog.rejections:
        raise InputError("nothing to evaluate (it has no captions; benchmarks need -t)", file=data)
    features, skipped = _encode(catalog, found, workers, progress)
    if Modality.TEXT not in features or len(features) < 2:
        reasons = "; ".join(f"{s.what}: {s.reason}" for s in skipped) or "it has no captioned files"
        raise InputError(f"nothing to evaluate ({reasons})", file=data)
    frozen = freeze(catalog, features)
    baselines = {
        name: find_model(opened, saved)
        for name, saved in BASELINES.items()
        if saved in model_names(opened)
    }
    settings = {"model": found.name, "fingerprint": found.fingerprint, "seed": seed}
    report = judge(frozen, found, baselines, seed=seed, settings=settings, progress=progress)
    return replace(report, skipped=(*skipped, *report.skipped))


def held_out_report(workspace: str | Path, model: str | None = None) -> Report:
    """Return the scores on held-out concepts that the last build or training wrote.

    Raises:
        StoreError: There are none.
    """
    opened = Workspace.open(workspace)
    if model is not None and model != find_model(opened).name:
        raise InputError(
            "held-out scores are those of the final model; name a folder with --data", seen=model
        )
    folder = report_folder(opened)
    if not (folder / "result.json").exists():
        raise StoreError(
            f"{opened.root}: no held-out scores; run 'pentad train {opened.root}' first"
        )
    return Report.load(folder)


def _encode(
    catalog: Catalog, model: Model, workers: int | None, progress: Progress
) -> tuple[dict[Modality, Features], list[Skipped]]:
    features: dict[Modality, Features] = {}
    skipped = []
    for modality in Modality:
        items = catalog.items(modality)
        refused = sum(r.modality == modality.value for r in catalog.rejections)
        if modality not in model.modalities:
            if len(items) or refused:
                skipped.append(Skipped(modality.value, f"model {model.name!r} does not encode it"))
            continue
        if not len(items):
            if refused:
                skipped.append(Skipped(modality.value, f"no usable file, {refused} refused"))
            continue
        found, failures = embed_features(
            items, model.frozen(modality), workers=workers, progress=progress
        )
        for failure in failures:
            name = items.take([failure.id]).frame.row(0, named=True)
            progress.notice(
                f"{name.get('file', name.get('caption'))}: {failure.reason.value}: {failure.detail}"
            )
        if len(found):
            features[modality] = found
        else:
            count = len(failures) + refused
            skipped.append(Skipped(modality.value, f"no usable file, {count} refused"))
    return features, skipped


def _tell(rejections: Sequence[Rejection], progress: Progress) -> None:
    for rejection in rejections:
        progress.notice(str(rejection))
