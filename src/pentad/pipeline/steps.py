"""The steps of the chain on a workspace, each of which the command line also offers alone.

The caller holds the writer lock in every one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pentad.core.engine import Engine
from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embed import EmbedSummary, all_rejections, embed_workspace
from pentad.embeddings.features import load_features
from pentad.embeddings.shards import ShardFolder
from pentad.embeddings.work import DEFAULTS, EmbedOptions
from pentad.encoders.specs import absolute_spec, relative_spec
from pentad.pipeline.frozen import Frozen, freeze
from pentad.pipeline.placed import present
from pentad.pipeline.plan import (
    EncoderPlan,
    Named,
    load_encoders,
    plan_encoders,
    spaces_of,
)
from pentad.store.items import Catalog
from pentad.store.workspace import Workspace


def choose_encoders(
    workspace: Workspace,
    catalog: Catalog,
    specs: Sequence[str],
    named: Sequence[Named] | None = None,
) -> EncoderPlan:
    """Plan the encoders and remember them; without ``specs`` those remembered last are used.

    Args:
        workspace: Where they are remembered.
        catalog: What there is to encode.
        specs: ``[MODALITY=]NAME`` as given with ``-m``.
        named: The same encoders, where they are loaded already.
    """
    root = workspace.root
    if specs:
        chosen = list(specs)
        loaded = load_encoders(chosen) if named is None else named
    else:
        chosen = [absolute_spec(spec, root) for spec in workspace.setting("encoders", [])]
        loaded = load_encoders(chosen)
    plan = plan_encoders(loaded, catalog.modalities)
    workspace.set("encoders", [relative_spec(spec, root) for spec in chosen])
    return plan


def embed_all(
    workspace: Workspace,
    catalog: Catalog,
    plan: EncoderPlan,
    *,
    options: EmbedOptions = DEFAULTS,
    engine: Engine | None = None,
    progress: Progress = SILENT,
) -> dict[Modality, list[EmbedSummary]]:
    """Bring the embeddings of every planned modality up to date, and list what was refused."""
    summaries: dict[Modality, list[EmbedSummary]] = {}
    _forget_refusals(workspace, catalog)
    for modality, chosen in plan.items():
        items = catalog.items(modality)
        summaries[modality] = [
            embed_workspace(
                workspace,
                items,
                c.encoder,
                options=options,
                engine=engine,
                spec=c.spec,
                progress=progress,
            )
            for c in chosen
        ]
        refused = {(r.path, r.source): r for r in all_rejections(summaries[modality])}
        for stage in ("decode", "encode"):
            rows = [r for r in refused.values() if r.stage == stage]
            workspace.reject(rows, stage=stage, modality=modality.value)
    return summaries


def _forget_refusals(workspace: Workspace, catalog: Catalog) -> None:
    """Drop what was refused of modalities that have no items any more."""
    there = catalog.modalities
    gone = {
        (r.stage, r.modality)
        for r in workspace.rejections()
        if r.stage in ("decode", "encode") and r.modality not in there
    }
    for stage, modality in sorted(gone):
        workspace.reject([], stage=stage, modality=modality)


def load_frozen(workspace: Workspace, catalog: Catalog, plan: EncoderPlan) -> Frozen:
    """Read the frozen vectors of every planned modality.

    Raises:
        InputError: There are no captions, or nothing but captions.
    """
    spaces = spaces_of(plan)
    if Modality.TEXT not in spaces:
        raise InputError(f"{workspace.root}: there are no captions; add a source that has some")
    if len(spaces) < 2:
        raise InputError(f"{workspace.root}: there are captions only; add a source with files")
    usable = {m: s for m, s in spaces.items() if _has_vectors(workspace, m, s)}
    features = {
        m: present(load_features(workspace, m, s), catalog.items(m)) for m, s in usable.items()
    }
    if not len(features.get(Modality.TEXT, ())):
        raise InputError(f"{workspace.root}: none of the captions could be encoded")
    return freeze(catalog, features)


def embedded_fingerprint(workspace: Workspace, plan: EncoderPlan) -> str:
    """Return 64 hex digits over the stored embeddings of a plan, from their records alone."""
    parts = []
    for modality, spaces in spaces_of(plan).items():
        for space in spaces:
            folder = ShardFolder(workspace.root / "embeddings" / space / modality.value)
            records = [folder.record(number) for number in folder.numbers()]
            parts.append([modality.value, space, [dict(r.files) for r in records if r is not None]])
    return fingerprint_value(parts)


def _has_vectors(workspace: Workspace, modality: Modality, spaces: Sequence[str]) -> bool:
    folders = [Path(workspace.root, "embeddings", s, modality.value) for s in spaces]
    # A record without its files is damage, which those who read it name; no reason to go without.
    return all(any(f.glob("*.ids.npy")) or ShardFolder(f).numbers() for f in folders)
