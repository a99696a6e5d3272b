"""`publish_emm1`: one split of E-MM1, or a part of it, in a form that others read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from pentad.core.progress import SILENT, Progress
from pentad.publish.bundle import Bundle
from pentad.publish.from_emm1 import emm1_bundle
from pentad.publish.job import RECORD, abandon, begin, mark_begun, publishing_to
from pentad.publish.write import Job, write_job

if TYPE_CHECKING:
    from pentad.sources.emm1.dataset import Emm1
    from pentad.store.records import Record


@dataclass(frozen=True)
class PublishSummary:
    """What is in a published folder.

    Attributes:
        out: The folder.
        to: The form.
        tables: Table -> rows.
        dropped: Table -> reason -> rows that were left out; each row counts once.
        refused: Items that the policy left out: ``modality``, ``source_dataset``,
            ``dataset_license``, ``reason``, ``items``.
        files: How many files there are, shards and all.
        bytes: Their size.
        already_there: Whether an earlier run had written all of it.
    """

    out: Path
    to: str
    tables: Mapping[str, int]
    dropped: Mapping[str, Mapping[str, int]]
    refused: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    files: int = 0
    bytes: int = 0
    already_there: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return {
            "out": str(self.out),
            "to": self.to,
            "tables": dict(self.tables),
            "dropped": {table: dict(reasons) for table, reasons in self.dropped.items()},
            "refused": [dict(row) for row in self.refused],
            "files": self.files,
            "bytes": self.bytes,
            "already_there": self.already_there,
        }


class Options(TypedDict, total=False):
    """What else may be asked for; `Job` says what each means."""

    license_policy: str
    croissant: bool
    limit: int | None
    shard_size: int | None
    only_present: bool
    allow_partial: bool


def publish_emm1(
    ds: Emm1,
    out: str | Path,
    *,
    to: str = "emm1",
    split: str | None = None,
    nn: Sequence[int] | None = None,
    modalities: Sequence[str] | None = None,
    if_exists: str = "skip",
    progress: Progress = SILENT,
    **options: Unpack[Options],
) -> PublishSummary:
    """Write one split of E-MM1 to a folder.

    Args:
        ds: The data set, from `open_emm1`.
        out: A new or empty folder, or one where the same job was begun.
        to: ``emm1`` for its own layout, ``webdataset`` for tar shards with media, ``huggingface``
            for Parquet with a card.
        split: ``100m`` or ``1m``; default the first that is here.
        nn: Ranks of groups; default all that are here.
        modalities: Which media; default all that are here.
        if_exists: ``skip`` goes on with the same job, ``replace`` removes what another has written,
            ``error`` takes only an empty folder.
        progress: Told of each table.
        options: ``license_policy`` (``any`` or ``redistributable``), ``croissant``, ``limit`` and
            ``shard_size`` in rows, ``only_present``, ``allow_partial``.

    Raises:
        InputError: Something that was asked for is not here, or ``out`` holds something else.
        UnknownName: There is no such form, split, modality or policy.
        StoreError: ``out`` cannot be written, or another process writes to it.
    """
    job = Job(to=to, **options)
    bundle = emm1_bundle(ds, split=split, nn=nn, modalities=modalities)
    return publish(bundle, out, job, if_exists=if_exists, progress=progress)


def publish(
    bundle: Bundle,
    out: str | Path,
    job: Job,
    *,
    if_exists: str = "skip",
    progress: Progress = SILENT,
) -> PublishSummary:
    """Write a bundle to a folder; as `publish_emm1`."""
    asked = job.to_json(bundle)
    folder = Path(out)
    with publishing_to(folder):
        known = begin(folder, asked, if_exists)
        if known is not None:
            return _summary(known, already_there=True)
        mark_begun(folder, asked)
        try:
            record = write_job(bundle, job, folder / RECORD, progress)
        except BaseException:
            abandon(folder)
            raise
    return _summary(record)


def _summary(record: Record, *, already_there: bool = False) -> PublishSummary:
    fields = record.fields
    files = {**record.files, **fields.get("shards", {})}
    tables = dict(fields["tables"])
    return PublishSummary(
        out=record.path.parent,
        to=fields["job"]["to"],
        tables={name: table["rows"] for name, table in tables.items()},
        dropped={name: table["dropped"] for name, table in tables.items() if table["dropped"]},
        refused=fields["refused"],
        files=len(files),
        bytes=sum(info["bytes"] for info in files.values()),
        already_there=already_there,
    )
