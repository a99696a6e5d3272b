"""A table of addresses: its files are fetched, and then are items as any others.

    url,caption,license
    https://example.org/a.jpg,A cat,CC0

Columns are ``url`` and, if wanted, ``caption``, ``modality``, ``license``, ``concept``,
``source_dataset``, ``sha256``, ``start_time``, ``end_time`` and ``id``. An address goes into one
file, whatever its rows say; two rows may be about two parts of it. Only the open internet is
contacted, robots.txt counts, and a pace is kept to: see `pentad.sources.fetch`.

What became of each address is written in ``downloads.db`` beside the files. Running it again
fetches what is missing: what failed for a reason that may pass, and files that are gone; what
failed for good is tried only on request. What is not there is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import Reason
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.collect import Collector, Entry
from pentad.sources.refusal import Refused
from pentad.sources.times import timed_name
from pentad.sources.url_rows import UrlRow, url_rows
from pentad.store.listing import Listing

if TYPE_CHECKING:
    from pentad.sources.fetch.catalog import SourcePlan
    from pentad.sources.fetch.jobs import Job
    from pentad.sources.fetch.ledger import Ledger

LEDGER = "downloads.db"
"""Name of the ledger in the folder of files."""

_KINDS = {Modality.IMAGE: "image", Modality.AUDIO: "sound", Modality.VIDEO: "video"}
_ANY = "file"
_NO_ID = 0


@dataclass(frozen=True)
class FetchOptions:
    """How files are fetched.

    Attributes:
        workers: Threads.
        rate: Requests a second to one host, None for no limit.
        contact: Address or e-mail for owners of sites, part of the name that requests go by.
        retry_failed: Try addresses again that failed for good.
        allow_private: Places ``host:port`` that may be on this machine or a private network.
    """

    workers: int = 8
    rate: float | None = None
    contact: str | None = None
    retry_failed: bool = False
    allow_private: Collection[str] = ()


def fetch_table(
    table: Path,
    media_root: Path,
    *,
    modality: Modality | None = None,
    name: str,
    options: FetchOptions | None = None,
    progress: Progress = SILENT,
) -> Listing:
    """Fetch the files of a table of addresses and return its rows; ``file`` is below `media_root`.

    Args:
        table: CSV, JSON Lines or Parquet with a column ``url``.
        media_root: Where the files go.
        modality: What the rows are, where neither a column nor endings tell it; in a table with a
            ``modality`` column it chooses rows.
        name: Name of the source.
        options: How files are fetched.
        progress: Where to report.

    Raises:
        MissingExtra: Something has to be fetched and the extra ``download`` is not installed.
        InputError: An option makes no sense.
        StoreError: The disk is full, or a file cannot be written.
    """
    collector = Collector(name, media_root.resolve())
    rows = list(url_rows(collector, table, modality))
    wanted = _once(rows)
    told = _fetched(wanted, collector.root, name, options or FetchOptions(), progress)
    for row in rows:
        try:
            if row.url and wanted[row.target] is not row:
                _check_hash(row, wanted[row.target])
            collector.add(_entry(row, collector.root, told))
        except Refused as refused:
            collector.refuse(table.name, refused, modality=row.modality, line=row.line)
    return collector.listing()


def _once(rows: Iterable[UrlRow]) -> dict[Path, UrlRow]:
    """Return target -> the row that says how to fetch it: the first, or the first with a hash."""
    wanted: dict[Path, UrlRow] = {}
    for row in rows:
        if row.url:
            first = wanted.setdefault(row.target, row)
            if first.sha256 is None and row.sha256 is not None:
                wanted[row.target] = row
    return wanted


def _check_hash(row: UrlRow, first: UrlRow) -> None:
    if row.sha256 not in (None, first.sha256):
        detail = f"line {first.line} gives another SHA-256 for the same address"
        raise Refused(Reason.CONFLICT, detail, column="sha256")


def _fetched(
    wanted: Mapping[Path, UrlRow],
    root: Path,
    name: str,
    options: FetchOptions,
    progress: Progress,
) -> dict[tuple[str, str], Mapping[str, str]]:
    """Fetch what is not there; return what the ledger says, by digest of the address and modality.

    Where nothing is missing no server is asked, and the extra is not needed.
    """
    from pentad.sources.fetch.ledger import Ledger

    jobs = [_job(row, name) for row in wanted.values()]
    missing = [job for job in jobs if not is_there(root / job.target)]
    if not missing and not (root / LEDGER).is_file():
        return {}
    with Ledger(root / LEDGER) as ledger:
        if missing:
            _fetch(missing, root, name, ledger, options, progress)
        rows = ledger.frame().iter_rows(named=True)
        return {(row["split"], row["modality"]): row for row in rows}


def _fetch(
    jobs: list[Job],
    root: Path,
    name: str,
    ledger: Ledger,
    options: FetchOptions,
    progress: Progress,
) -> None:
    from pentad.sources.fetch.client import Client, default_user_agent
    from pentad.sources.fetch.ledger import Retry, State
    from pentad.sources.fetch.run import fetch_all

    agent = default_user_agent(options.contact)
    retry: Retry = "all" if options.retry_failed else "transient"
    client = Client(user_agent=agent, rate=options.rate, allow_private=options.allow_private)
    with client:
        for again in (False, True):
            if again:  # what came once and is gone is missing, not failed
                gone = [job for job in jobs if not is_there(root / job.target)]
                known = [(job, ledger.known(job.key)) for job in gone]
                jobs = [job for job, was in known if was is not None and was.state is State.DONE]
                retry = "all"
            if jobs:
                fetch_all(
                    jobs, media_root=root, client=client, plans=_plans(name), ledger=ledger,
                    workers=options.workers, retry=retry, progress=progress,
                )  # fmt: skip


def _job(row: UrlRow, name: str) -> Job:
    """Return what the downloader is told; in its ledger an address goes by its own SHA-256."""
    from pentad.sources.fetch.jobs import Job

    fields = {"url": row.url, "sha256": row.sha256 or ""}
    kind = row.modality.value
    target = row.target
    return Job(row.digest, kind, _NO_ID, _source(name, row.modality), target.name, target, fields)


def _plans(name: str) -> dict[str, SourcePlan]:
    from pentad.sources.fetch.catalog import Method, SourcePlan, source_key

    sources = {modality: _source(name, modality) for modality in MEDIA_MODALITIES}
    return {
        source_key(source): SourcePlan(
            source, Method.WEB, url="{url}", kind=_KINDS.get(modality, _ANY)
        )
        for modality, source in sources.items()
    }


def _source(name: str, modality: Modality) -> str:
    return f"{name} {modality.value}"


def _entry(row: UrlRow, root: Path, told: Mapping[tuple[str, str], Mapping[str, str]]) -> Entry:
    if not row.url:
        timed_name("", row.modality, row.times, root)
        return Entry(row.modality, "", row.caption, row.facts, f"line {row.line}", row.id)
    path = root / row.target
    known = told.get((row.digest, row.modality.value), {})
    if not is_there(path):
        reason, detail = known.get("reason") or "not tried", known.get("detail") or row.url
        raise Refused(Reason.NOT_FETCHED, f"{reason}: {detail}", column="url")
    if row.sha256 is not None and (known.get("sha256") or fingerprint_file(path)) != row.sha256:
        detail = f"the file that is there has another SHA-256; remove {row.target} to fetch it anew"
        raise Refused(Reason.CONFLICT, detail, column="sha256")
    file = timed_name(row.target.as_posix(), row.modality, row.times, root)
    return Entry(row.modality, file, row.caption, row.facts, f"line {row.line}", row.id)


def is_there(path: Path) -> bool:
    """Return whether a file is there and not empty."""
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False
