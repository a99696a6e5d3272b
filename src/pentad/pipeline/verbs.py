"""The steps of the chain one by one, as the command line offers them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.engine import Engine
from pentad.core.errors import PentadError, StoreError
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.work import DEFAULTS, EmbedOptions
from pentad.evaluation.report import Report
from pentad.pipeline.chain import Chain
from pentad.pipeline.found import describe_neighbors
from pentad.pipeline.making import Making
from pentad.pipeline.options import GroupOptions, Machine, NeighborOptions, seed_of
from pentad.pipeline.place import place_encoders
from pentad.pipeline.plan import only_modalities
from pentad.pipeline.policies import considered, remember_generated
from pentad.pipeline.steps import choose_encoders, embed_all
from pentad.store.workspace import Workspace


def embed_step(
    workspace: str | Path,
    *,
    models: Sequence[str] = (),
    modalities: Sequence[str] = (),
    options: EmbedOptions = DEFAULTS,
    device: str | None = None,
    dtype: str | None = None,
    engine: Engine | None = None,
    progress: Progress = SILENT,
) -> list[dict[str, Any]]:
    """Embed what is new or changed; return one row a modality and space.

    Args:
        workspace: Its folder.
        models: ``[MODALITY=]NAME`` of encoders; without any those used last.
        modalities: Only these; without any all there are items of.
        options: How it is done.
        device: Where encoders run that can be moved.
        dtype: The type of number they work with.
        engine: Whose workers encode; None for this process.
        progress: Where to report.

    Raises:
        StoreError: There are no items.
        InputError: An encoder does not fit, or the device cannot be used.
    """
    opened = Workspace.open(workspace)
    with opened.writing():
        catalog = opened.catalog()
        if not catalog.modalities:
            raise StoreError(f"{workspace}: no items yet; run 'pentad add {workspace} SOURCE'")
        plan = choose_encoders(opened, catalog, models)
        place_encoders(plan, device, dtype)
        wanted = only_modalities(plan, modalities)
        done = embed_all(opened, catalog, wanted, options=options, engine=engine, progress=progress)
    return [
        {
            "modality": modality.value,
            "space": s.space,
            "encoded": s.encoded,
            "kept": s.kept,
            "rejected": len(s.rejected),
        }
        for modality, summaries in done.items()
        for s in summaries
    ]


def neighbors_step(
    workspace: str | Path,
    *,
    options: NeighborOptions,
    machine: Machine | None = None,
    seed: int = 0,
    generated: bool | None = None,
    progress: Progress = SILENT,
) -> list[dict[str, Any]]:
    """Learn the bridge where it is needed, and find neighbors; return one row a modality.

    With ``generated`` it is said, also for all later steps, whether captions of models count.
    """
    opened = Workspace.open(workspace)
    with _chain(
        opened, progress, neighbors=options, seed=seed, machine=machine, generated=generated
    ) as chain:
        setting = {"k": options.k, "seed": seed, **options.to_setting()}
        with _remembering(opened, "neighbors", setting):
            return describe_neighbors(chain.find_neighbors(), chain.catalog)


def group_step(
    workspace: str | Path,
    *,
    options: GroupOptions | None = None,
    form: str = "parquet",
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Line the neighbors up; return the manifest."""
    opened = Workspace.open(workspace)
    chosen = options or GroupOptions()
    with _chain(opened, progress, groups=chosen) as chain:
        setting = chosen.to_setting() if form == "parquet" else opened.setting("groups", {})
        with _remembering(opened, "groups", setting):
            groups = chain.build_groups(form=form)
        return {**groups.manifest, "groups": len(groups)}


def train_step(
    workspace: str | Path, *, seed: int | None = None, progress: Progress = SILENT
) -> Report:
    """Train the model and score it on held-out concepts.

    Raises:
        StoreError: There were too few concepts to hold any out (the model is trained all the same).
    """
    opened = Workspace.open(workspace)
    with _chain(opened, progress, seed=seed) as chain:
        report = chain.train()
    if report is None:
        raise StoreError(f"{workspace}: trained; too few concepts to hold any out, so no scores")
    return report


@contextmanager
def _remembering(opened: Workspace, name: str, setting: Mapping[str, Any]) -> Iterator[None]:
    """Remember options before the work, so that a run cut short goes on with them.

    Options that turn out to be wrong are forgotten again.
    """
    before = opened.setting(name)
    opened.set(name, dict(setting))
    try:
        yield
    except PentadError:
        opened.set(name, before if before is not None else {})
        raise


@contextmanager
def _chain(
    opened: Workspace,
    progress: Progress,
    *,
    neighbors: NeighborOptions | None = None,
    groups: GroupOptions | None = None,
    machine: Machine | None = None,
    seed: int | None = None,
    generated: bool | None = None,
) -> Iterator[Chain]:
    """Yield the chain with what was chosen in earlier steps where nothing else is said."""
    with opened.writing():
        remember_generated(opened, generated)
        catalog = considered(opened, opened.catalog())
        if not opened.setting("encoders") and not any(opened.root.glob("embeddings/*")):
            raise StoreError(
                f"{opened.root}: nothing embedded yet; run 'pentad embed {opened.root}'"
            )
        plan = choose_encoders(opened, catalog, ())
        kept = opened.setting("neighbors", {})
        making = Making(
            neighbors or NeighborOptions.from_setting(kept),
            groups or GroupOptions.from_setting(opened.setting("groups", {})),
            machine or Machine(),
            seed_of(kept) if seed is None else seed,
        )
        yield Chain(opened, catalog, plan, making=making, progress=progress)
