"""From a bundle and what is asked of it to the files of a folder and their record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import Modality
from pentad.core.progress import Progress
from pentad.curation.license_policy import LicensePolicy, as_policy, refusal
from pentad.publish.attribution import LIST, NAME, write_attribution
from pentad.publish.bundle import TRIPLETS, Bundle
from pentad.publish.card import write_card
from pentad.publish.croissant import NAME as CROISSANT
from pentad.publish.croissant import describe
from pentad.publish.emm1_layout import write_layout
from pentad.publish.huggingface import FILE_ROWS, write_parquet
from pentad.publish.info_table import FILE, FOLDER, LICENSE, SOURCE, InfoTable
from pentad.publish.select import Selection
from pentad.publish.webdataset import SHARD_ROWS, ShardWriter
from pentad.publish.written import Written, add_up
from pentad.store.atomic import json_bytes, next_path
from pentad.store.records import Commit, Record, committing, read_record

EMM1, WEBDATASET, HUGGINGFACE = "emm1", "webdataset", "huggingface"
FORMS = (EMM1, WEBDATASET, HUGGINGFACE)
_FORMAT = 1
_FACTS = (SOURCE, LICENSE)
_MEDIA_FACTS = (*_FACTS, FILE, FOLDER)


@dataclass(frozen=True)
class Job:
    """What is asked for, besides the tables.

    Attributes:
        to: One of `FORMS`.
        license_policy: ``any``, or ``redistributable`` to leave out what may not be shared.
        croissant: Whether to describe the files in ``croissant.json``.
        limit: The most rows of each table.
        shard_size: Rows of a tar shard or of a Parquet file.
        only_present: Leave out rows whose files are not all there.
        allow_partial: Write tar samples without the files that are missing.
    """

    to: str
    license_policy: str = "any"
    croissant: bool = True
    limit: int | None = None
    shard_size: int | None = None
    only_present: bool = False
    allow_partial: bool = False

    def __post_init__(self) -> None:
        if self.to not in FORMS:
            raise UnknownName("form", self.to, FORMS)
        as_policy(self.license_policy)
        for what, value in (("limit", self.limit), ("shard size", self.shard_size)):
            if value is not None and value < 1:
                raise InputError(f"the {what} must be at least 1", seen=value)

    def to_json(self, bundle: Bundle) -> dict[str, Any]:
        """Return everything that decides what is written."""
        return {
            **asdict(self),
            "format": _FORMAT,
            "name": bundle.name,
            "modalities": [m.value for m in bundle.modalities],
            "tables": list(bundle.tables),
            "inputs": dict(bundle.inputs),
        }


def write_job(bundle: Bundle, job: Job, record: Path, progress: Progress) -> Record:
    """Write a bundle and return the record that says what was written."""
    policy = as_policy(job.license_policy)
    # what is not in the infos has no license and no file, so only a plain copy may name it
    plain = job.to == EMM1 and policy is LicensePolicy.ANY and not job.only_present
    tables_of_items = _tables(bundle, job, policy, progress)
    selection = Selection(bundle, tables_of_items, job.limit, keep_unknown=plain)
    with committing(record) as commit:
        tables = _write(selection, job, commit, record.parent, progress)
        _require_rows(bundle, tables, record.parent)
        write_attribution(selection, policy, commit)
        names = [name for written in tables for name in written.files]
        shards = _shards(record.parent, tables)
        if job.to == HUGGINGFACE:
            card = write_card(selection, tables, policy)
            commit.path("README.md").write_text(card, encoding="utf-8")
            names.append("README.md")
        if job.croissant:
            files = _described(record.parent, [*names, NAME, LIST], shards)
            _write_croissant(selection, tables, files, commit)
        return commit.finish(_fields(selection, job, policy, tables, shards))


def _write(
    selection: Selection, job: Job, commit: Commit, out: Path, progress: Progress
) -> list[Written]:
    if job.to == EMM1:
        thin = job.limit is not None or job.only_present
        return write_layout(selection, commit, only_used=thin, progress=progress)
    tables = selection.bundle.tables
    if job.to == HUGGINGFACE:
        rows = job.shard_size or FILE_ROWS
        return [
            write_parquet(selection, name, commit, file_rows=rows, progress=progress)
            for name in tables
        ]
    rows = job.shard_size or SHARD_ROWS
    return [
        ShardWriter(selection, out, name, job.allow_partial).write(rows, progress)
        for name in tables
    ]


def _tables(
    bundle: Bundle, job: Job, policy: LicensePolicy, progress: Progress
) -> dict[Modality, InfoTable]:
    """Return the items of each modality, judged."""
    media = bundle.media if job.only_present else None
    tables = {}
    with progress.task("read items", len(bundle.modalities) + 1) as task:
        for modality in (Modality.TEXT, *bundle.modalities):
            table = _table(bundle, modality)
            table.apply(policy, media)
            tables[modality] = table
            task.advance()
    return tables


def _table(bundle: Bundle, modality: Modality) -> InfoTable:
    columns = _FACTS if modality is Modality.TEXT else _MEDIA_FACTS
    rows = bundle.infos(modality)
    there = rows.columns()
    own = bundle.id_name(modality)
    if own not in there:
        raise InputError(f"the {modality} items lack {own}", seen=", ".join(there))
    held = rows.read([own, *(name for name in columns if name in there)])
    return InfoTable.of(modality, held, own, columns)


def _require_rows(bundle: Bundle, tables: Sequence[Written], out: Path) -> None:
    rows = {t.name: t for t in tables if t.name in bundle.tables}
    if any(t.rows for t in rows.values()):
        return
    for written in tables:
        for name in written.files if written.form == "tar" else ():
            (out / name).unlink(missing_ok=True)
            (out / name).with_suffix(".json").unlink(missing_ok=True)
    dropped = add_up([t.dropped for t in rows.values()])
    lost = [f"{n} for {why}" for why, n in dropped.items()]
    what = "triplet" if TRIPLETS in rows else "group"
    told = f"left out: {', '.join(lost[:6])}" if lost else "the tables are empty"
    raise InputError(f"no {what} is left to write; {told}")


def _shards(out: Path, tables: Sequence[Written]) -> dict[str, Any]:
    """Return size and SHA-256 of the tar shards, from their own records."""
    names = [name for written in tables if written.form == "tar" for name in written.files]
    found: dict[str, Any] = {}
    for name in names:
        record = read_record((out / name).with_suffix(".json"))
        if record is not None:
            found[name] = dict(record.files[name])
    return found


def _described(out: Path, names: Sequence[str], shards: Mapping[str, Any]) -> dict[str, Any]:
    """Return size and SHA-256 of files that wait to be put in place, and of shards that are."""
    waiting = {name: next_path(out / name) for name in names if name not in shards}
    return {
        **{
            name: {"bytes": path.stat().st_size, "sha256": fingerprint_file(path)}
            for name, path in waiting.items()
        },
        **shards,
    }


def _write_croissant(
    selection: Selection, tables: Sequence[Written], files: Mapping[str, Any], commit: Commit
) -> None:
    licenses = sorted(set(_licenses(selection)))
    bundle = selection.bundle
    value = describe(bundle.title, bundle.name, tables, files, licenses)
    commit.path(CROISSANT).write_bytes(json_bytes(value))


def _licenses(selection: Selection) -> Iterator[str]:
    for items in selection.tables.values():
        yield from (row[LICENSE] for row in items.published())


def _fields(
    selection: Selection,
    job: Job,
    policy: LicensePolicy,
    tables: Sequence[Written],
    shards: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "job": job.to_json(selection.bundle),
        "finished": True,
        "tables": {written.name: written.to_json() for written in tables},
        "refused": list(_refused(selection, policy)),
        "versions": {name: version(name) for name in ("pentad", "polars", "pyarrow")},
        **({"shards": dict(shards)} if job.to == WEBDATASET else {}),
    }


def _refused(selection: Selection, policy: LicensePolicy) -> Iterator[dict[str, Any]]:
    if policy is LicensePolicy.ANY:
        return
    for modality, items in selection.tables.items():
        for row in items.refused():
            yield {
                "modality": modality.value,
                SOURCE: row[SOURCE],
                LICENSE: row[LICENSE],
                "reason": refusal(policy, row[LICENSE]),
                "items": row["items"],
            }
