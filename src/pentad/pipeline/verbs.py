"""The steps of the chain one by one, as the command line offers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.errors import StoreError
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.report import Report
from pentad.pipeline.chain import Chain
from pentad.pipeline.steps import choose_encoders, embed_all
from pentad.store.workspace import Workspace


def embed_step(
    workspace: str | Path,
    *,
    models: Sequence[str] = (),
    workers: int | None = None,
    progress: Progress = SILENT,
) -> list[dict[str, Any]]:
    """Embed what is new or changed; return one row a modality and space."""
    opened = Workspace.open(workspace)
    with opened.writing():
        catalog = opened.catalog()
        if not catalog.modalities:
            raise StoreError(f"{workspace}: no items yet; run 'pentad add {workspace} SOURCE'")
        plan = choose_encoders(opened, catalog, models)
        done = embed_all(opened, catalog, plan, workers=workers, progress=progress)
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
    workspace: str | Path, *, k: int, seed: int, progress: Progress = SILENT
) -> list[dict[str, Any]]:
    """Learn the bridge and find neighbors; return one row a modality."""
    opened = Workspace.open(workspace)
    with _chain(opened, progress, k=k, seed=seed) as chain:
        opened.set("neighbors", {"k": k, "seed": seed})
        return [
            {
                "modality": n.modality.value,
                "captions": len(n),
                "items": n.corpus_size,
                "k": n.columns,
                "space": n.space,
            }
            for n in chain.find_neighbors()
        ]


def group_step(
    workspace: str | Path,
    *,
    max_uses: int | None = None,
    form: str = "parquet",
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Line the neighbors up; return the manifest."""
    opened = Workspace.open(workspace)
    with _chain(opened, progress, max_uses=max_uses) as chain:
        opened.set("groups", {"max_uses": max_uses} if max_uses else {})
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
def _chain(
    opened: Workspace,
    progress: Progress,
    *,
    k: int | None = None,
    seed: int | None = None,
    max_uses: int | None = None,
) -> Iterator[Chain]:
    """Yield the chain with what was chosen in earlier steps where nothing else is said."""
    with opened.writing():
        catalog = opened.catalog()
        if not opened.setting("encoders") and not any(opened.root.glob("embeddings/*")):
            raise StoreError(
                f"{opened.root}: nothing embedded yet; run 'pentad embed {opened.root}'"
            )
        plan = choose_encoders(opened, catalog, ())
        chosen = opened.setting("neighbors", {})
        yield Chain(
            opened,
            catalog,
            plan,
            k=k or chosen.get("k", 16),
            seed=chosen.get("seed", 0) if seed is None else seed,
            max_uses=max_uses or opened.setting("groups", {}).get("max_uses"),
            progress=progress,
        )
