"""`caption_step`: captions of a workspace's items, written by a model and marked as such."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, StoreError
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.encoders.captioners.protocol import Captioner, generator_fingerprint
from pentad.pipeline.captioning.choose import Choice, choose_captioner
from pentad.pipeline.captioning.chunks import ChunkFolder, Row
from pentad.pipeline.captioning.run import Done, caption_items
from pentad.store.generated import Origin, Written
from pentad.store.items import Items
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace

FOLDER = "captions"
STAGE = "caption"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class CaptionSummary:
    """What one run over one modality did.

    Attributes:
        source: Name of the captions' source in the workspace.
        modality: What was described.
        model: Who wrote.
        revision: Which version of it.
        prompt: What it was asked.
        captioned: Items that got their caption now.
        kept: Items whose caption was there already.
        left: Items that were not tried yet, because of the limit.
        distinct: Distinct captions of all these items.
        rejected: Every item that was refused, with the reason.
    """

    source: str
    modality: Modality
    model: str
    revision: str
    prompt: str
    captioned: int
    kept: int
    left: int
    distinct: int
    rejected: Sequence[Rejection]

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain values, refusals counted."""
        counts: dict[str, int] = {}
        for refused in self.rejected:
            counts[refused.reason.value] = counts.get(refused.reason.value, 0) + 1
        return {**vars(self), "modality": self.modality.value, "rejected": counts}


def caption_step(
    workspace: str | Path,
    *,
    modality: str,
    model: str | Captioner,
    prompt: str | None = None,
    name: str | None = None,
    limit: int | None = None,
    choice: Choice | None = None,
    retry_failed: bool = False,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> CaptionSummary:
    """Caption the items of one modality that have no caption by this model yet.

    What is there afterwards under the source's name is what this model says to this prompt; what
    it said to another prompt is withdrawn, and kept on disk.

    Args:
        workspace: Folder of the workspace.
        modality: What to describe.
        model: A preset, ``hf:USER/NAME``, a folder, ``openai:MODEL``, or any `Captioner`.
        prompt: What to ask; by default a description in one sentence.
        name: Name of the source; by default ``generated-`` and the model's short name.
        limit: Most items to try in this run; None for all.
        choice: How the model is run, where it is named and not given.
        retry_failed: Whether to try again what was refused.
        workers: Decoder processes; default one a processor.
        progress: Where to report.

    Raises:
        InputError: There is nothing to describe, the model cannot be used, or it stopped answering;
            what was written until then is kept.
        StoreError: There is no workspace, or another process is writing to it.
    """
    kind = as_modality(modality)
    if kind is Modality.TEXT:
        raise InputError("captions are not described", expected="image, video or points")
    if limit is not None and limit < 1:
        raise InputError("the limit must be at least 1", seen=limit)
    opened = Workspace.open(workspace)
    with opened.writing():  # which also settles what a killed run left; a model takes long to load
        there = len(opened.catalog().items(kind))
    if not there:
        raise StoreError(f"{workspace}: no {kind.value} items; run 'pentad add' first")
    if isinstance(model, str):
        model = choose_captioner(model, choice or Choice(), progress.notice)
    asked = _prompt(model, kind, prompt)
    generator = generator_fingerprint(model, kind, asked)
    source = _source(name, model)
    origin = Origin(source, model.model, model.revision, asked, generator)
    with opened.writing():
        items = opened.catalog().items(kind)
        _require_own(opened, origin)
        chunks = _chunks(opened, model, kind, origin)
        done = caption_items(
            items,
            model,
            asked,
            chunks,
            limit=limit,
            retry_failed=retry_failed,
            workers=workers,
            progress=progress,
        )
        summary = _registered(opened, items, origin, done)
    if done.error is not None:
        raise done.error
    return summary


def _prompt(captioner: Captioner, modality: Modality, given: str | None) -> str:
    if modality not in captioner.modalities:
        can = ", ".join(m.value for m in captioner.modalities)
        raise InputError(f"{captioner.model} does not describe {modality.value}", expected=can)
    if given is not None and not given.strip():
        raise InputError("the prompt is empty; leave it out for the usual one")
    return captioner.default_prompt(modality) if given is None else given.strip()


def _source(name: str | None, captioner: Captioner) -> str:
    source = f"generated-{captioner.name}" if name is None else name
    if not _NAME.fullmatch(source):
        wanted = "up to 100 letters, digits, '.', '_' and '-'"
        raise InputError("wrong name of a source", expected=wanted, seen=repr(source))
    return source


def _require_own(opened: Workspace, origin: Origin) -> None:
    """Refuse a name under which something else stands: a source of files, another model."""
    import polars as pl

    known = opened.roots.get(origin.source)
    if known is not None and known != opened.root / FOLDER:
        raise InputError(
            f"source {origin.source!r} of this workspace is {known}; "
            "give the captions another name with --name"
        )
    generated = opened.catalog().generated
    models = generated.filter(pl.col("source") == origin.source)["model"].unique().to_list()
    if models and models != [origin.model]:
        raise InputError(
            f"source {origin.source!r} holds captions of {', '.join(models)}; "
            f"give those of {origin.model} another name with --name"
        )


def _chunks(
    opened: Workspace, captioner: Captioner, modality: Modality, origin: Origin
) -> ChunkFolder:
    folder = opened.root / FOLDER / f"{captioner.name}-{origin.generator[:8]}"
    chunks = ChunkFolder(folder, origin.generator)
    chunks.describe(
        {
            "model": origin.model,
            "revision": origin.revision,
            "prompt": origin.prompt,
            "modality": modality.value,
            "licence": getattr(captioner, "licence", "not stated"),
            "captioner": captioner.fingerprint,
            "generator": origin.generator,
        }
    )
    return chunks


def _registered(opened: Workspace, items: Items, origin: Origin, done: Done) -> CaptionSummary:
    """Register the captions and the refusals of all items that are there as they were described."""
    import polars as pl

    current = dict(zip(items.ids.tolist(), items.fingerprints, strict=True))
    rows = [r for i, r in sorted(done.rows.items()) if current.get(i) == r.item_fingerprint]
    written = [row for row in rows if row.caption is not None]
    schema = {"item_id": pl.UInt32, "item_fingerprint": pl.String, "caption": pl.String}
    table = [(row.item_id, row.item_fingerprint, row.caption) for row in written]
    frame = pl.DataFrame(table, schema=schema, orient="row")
    if written or origin.source in opened.roots:
        opened.add_written(Written(origin, opened.root / FOLDER, items.modality, frame))
    refused = _rejections(items, origin.source, [row for row in rows if row.caption is None])
    others = [
        r
        for r in opened.rejections()
        if r.stage == STAGE
        and r.modality == items.modality.value
        and not r.detail.startswith(f"{origin.source}: ")
    ]
    opened.reject([*others, *refused], stage=STAGE, modality=items.modality.value)
    now = sum(row.item_id in done.tried for row in written)
    return CaptionSummary(
        source=origin.source,
        modality=items.modality,
        model=origin.model,
        revision=origin.revision,
        prompt=origin.prompt,
        captioned=now,
        kept=len(written) - now,
        left=done.left,
        distinct=len({row.caption for row in written}),
        rejected=refused,
    )


def _rejections(items: Items, source: str, rows: Sequence[Row]) -> list[Rejection]:
    where: Mapping[int, int] = {item: row for row, item in enumerate(items.ids.tolist())}
    sources, files = items.frame["source"].to_list(), items.frame["file"].to_list()
    return [
        Rejection(
            sources[where[row.item_id]],
            files[where[row.item_id]],
            items.modality.value,
            STAGE,
            row.reason,
            f"{source}: {row.detail}",
        )
        for row in rows
        if row.reason is not None
    ]
