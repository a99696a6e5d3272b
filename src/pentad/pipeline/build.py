"""`build`: the whole chain, from captioned files to groups, a model, scores and a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embed import EmbedSummary
from pentad.embeddings.work import EmbedOptions
from pentad.evaluation.report import Report
from pentad.pipeline.chain import Chain
from pentad.pipeline.making import Making
from pentad.pipeline.memory import peak_memory_mb
from pentad.pipeline.models import model_names
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.plan import load_encoders
from pentad.pipeline.policies import considered, remember_generated
from pentad.pipeline.stages import Clock
from pentad.pipeline.steps import choose_encoders, embed_all
from pentad.sources.read import read_source
from pentad.store.items import Catalog
from pentad.store.records import read_record
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace


@dataclass(frozen=True)
class Count:
    """What became of the items of one modality.

    Attributes:
        added: Items that are in the workspace and have vectors.
        rejected: Rows and files that were refused.
        encoded: Items encoded in this run.
    """

    added: int
    rejected: int
    encoded: int


@dataclass(frozen=True)
class BuildResult:
    """What a build did.

    Attributes:
        workspace: The workspace's folder.
        items: Counts by modality.
        captions: Distinct captions.
        k: Groups a caption.
        models: Names of the saved models, the final one last.
        report: Scores on held-out concepts; None where there were too few to hold any out.
        rejections: Everything refused.
        seconds: Time of each stage.
        peak_memory_mb: Most memory this process and its decoders held.
    """

    workspace: str
    items: Mapping[Modality, Count]
    captions: int
    k: int
    models: Sequence[str]
    report: Report | None
    rejections: Sequence[Rejection]
    seconds: Mapping[str, float]
    peak_memory_mb: float
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain values."""
        scored = {} if self.report is None else self.report.to_json()
        return {
            "workspace": self.workspace,
            "items": {m.value: vars(count) for m, count in self.items.items()},
            "captions": self.captions,
            "k": self.k,
            "models": list(self.models),
            "scores": scored.get("scores", []),
            "baselines": scored.get("baselines", {"ridge": [], "bridge": []}),
            "controls": scored.get("controls", {}),
            "skipped": scored.get("skipped", []),
            "seconds": dict(self.seconds),
            "peak_memory_mb": self.peak_memory_mb,
            **self.extra,
        }


def build(
    directory: str | Path,
    workspace: str | Path,
    *,
    models: Sequence[str] = (),
    k: int = 16,
    seed: int = 0,
    workers: int | None = None,
    generated: bool | None = None,
    progress: Progress = SILENT,
) -> BuildResult:
    """Run the chain; whatever is there and current is left alone.

    Args:
        directory: Folder or table of captioned files, here or at an address such as
            ``s3://bucket/folder``.
        workspace: Folder of the workspace; made when it is not there.
        models: ``[MODALITY=]NAME`` of encoders; default those used last, else the built-in ones.
        k: Groups a caption.
        seed: Seed of everything random.
        workers: Decoder processes; default one a processor.
        generated: Whether captions of models count; default as was said last, else they do.
        progress: Where to report.

    Raises:
        InputError: There is nothing to read, or nothing with captions.
        StoreError: The workspace is locked or damaged.
    """
    clock = Clock()
    listing = read_source(directory, progress=progress)
    named = load_encoders(models)
    made = Workspace.create(workspace)
    with made.writing():
        remember_generated(made, generated)
        with clock.stage("add"):
            catalog = made.add(listing)
        with clock.stage("embed"):
            plan = choose_encoders(made, catalog, models, named)
            summaries = embed_all(
                made, catalog, plan, options=EmbedOptions(workers=workers), progress=progress
            )
        made.set("neighbors", {"k": k, "seed": seed})
        made.set("groups", {})
        making = Making(NeighborOptions(k=k), seed=seed)
        counted = considered(made, catalog)
        kept = {m: chosen for m, chosen in plan.items() if m in counted.modalities}
        chain = Chain(made, counted, kept, making=making, clock=clock, progress=progress)
        report = chain.run()
        rejections = made.rejections()
        return BuildResult(
            workspace=str(workspace),
            items=_counts(catalog, summaries, rejections),
            captions=len(counted.items(Modality.TEXT)),
            k=_groups_a_caption(made, k),
            models=model_names(made),
            report=report,
            rejections=rejections,
            seconds=clock.seconds,
            peak_memory_mb=peak_memory_mb(),
        )


def _groups_a_caption(made: Workspace, k: int) -> int:
    """Return how many groups a caption has: less than ``k`` where no modality has ``k`` items."""
    record = read_record(made.root / "groups" / "default" / "manifest.json")
    return k if record is None else int(record.fields["k"])


def _counts(
    catalog: Catalog,
    summaries: Mapping[Modality, Sequence[EmbedSummary]],
    rejections: Sequence[Rejection],
) -> dict[Modality, Count]:
    counts = {}
    for modality in Modality:
        refused = [r for r in rejections if r.modality == modality.value]
        runs = summaries.get(modality, ())
        failed = {(r.source, r.path) for run in runs for r in run.rejected}
        present = len(catalog.items(modality))
        if present or refused:
            encoded = max((run.encoded for run in runs), default=0)
            counts[modality] = Count(present - len(failed), len(refused), encoded)
    return counts
