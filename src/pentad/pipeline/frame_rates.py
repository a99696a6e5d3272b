"""Which videos show their frames at uneven times: probed when they are added, and remembered.

``logs/frame_rates.parquet`` says it for each content that was probed, by its fingerprint: what
has not changed is not probed again. The frames themselves are not decoded. Probing happens in the
bounded processes that decode, since a file may be anything; one that cannot be probed is no reason
to refuse it here, decoding will tell.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import DecodeError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.media.types import Decoded, DecodeOptions, Video
from pentad.media.wire import DecodeRequest
from pentad.media.worker import DecodePool
from pentad.store.atomic import replacing
from pentad.store.listing import Listing
from pentad.store.places import locate
from pentad.store.rejections import Rejection
from pentad.store.remote.files import FilePath
from pentad.store.stat_cache import StatCache
from pentad.store.workspace import Workspace

if TYPE_CHECKING:
    from pentad.store.items import Schema

TABLE = "logs/frame_rates.parquet"
_NO_FRAMES = DecodeOptions(video_frames=0)


@dataclass(frozen=True, slots=True)
class FrameRate:
    """What the presentation times of one video say.

    Attributes:
        fingerprint: SHA-256 of the content.
        variable: Whether the rate varies.
        duration: Seconds that it plays; 0 if unknown.
    """

    fingerprint: str
    variable: bool
    duration: float


def probe_listing(
    workspace: Workspace,
    listing: Listing,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> dict[str, FrameRate]:
    """Return what the videos of a listing are, by file, and remember it in the workspace.

    The caller holds the writer lock. Files that cannot be probed are left out.

    Args:
        workspace: Where it is remembered.
        listing: What is being added.
        workers: Processes; default one a processor.
        progress: Where to report.
    """
    prints = _fingerprints(workspace, listing)
    known = read_rates(workspace.root)
    files = {print_: file for file, print_ in prints.items() if print_ not in known}
    if files:
        unknown = list(files)
        with progress.task("frame rates", len(unknown)) as task:
            for place, found in _probed([listing.root / f for f in files.values()], workers):
                if isinstance(found, Video):
                    rate = FrameRate(unknown[place], found.variable, found.duration)
                    known[rate.fingerprint] = rate
                task.advance()
        _write(workspace.root, known)
    return {file: known[print_] for file, print_ in prints.items() if print_ in known}


def without_variable(listing: Listing, rates: Mapping[str, FrameRate]) -> Listing:
    """Return a listing without its videos of a variable frame rate, which are refused."""
    import polars as pl

    refused = [
        Rejection(
            listing.name,
            file,
            Modality.VIDEO.value,
            "source",
            Reason.VARIABLE_RATE,
            f"its frames are shown at uneven times, over {rate.duration:.3g} s",
        )
        for file, rate in rates.items()
        if rate.variable
    ]
    gone = (pl.col("modality") == Modality.VIDEO.value) & pl.col("file").is_in(
        [each.path for each in refused]
    )
    rows = listing.rows.filter(~gone)
    return Listing(listing.name, listing.root, rows, (*listing.rejections, *refused))


def read_rates(root: Path) -> dict[str, FrameRate]:
    """Return what is known of videos, by fingerprint; a damaged table counts as empty."""
    import polars as pl

    try:
        rows = pl.read_parquet(root / TABLE).select(*_schema()).iter_rows()
    except (OSError, pl.exceptions.PolarsError):
        return {}
    return {print_: FrameRate(print_, variable, duration) for print_, variable, duration in rows}


def _fingerprints(workspace: Workspace, listing: Listing) -> dict[str, str]:
    """Return file -> SHA-256 of every video; what is hashed here is not hashed again."""
    import polars as pl

    videos = listing.rows.filter(
        (pl.col("modality") == Modality.VIDEO.value) & (pl.col("file") != "")
    )
    files = videos["file"].unique(maintain_order=True).to_list()
    if not files:
        return {}
    cache = StatCache(workspace.root / "cache" / "fingerprints.parquet")
    found = {}
    for file in files:
        try:
            found[file], _ = cache(listing.root / file)
        except (OSError, ValueError):
            continue  # registering refuses it, with the reason
    cache.save()
    return found


def _probed(paths: Sequence[FilePath], workers: int | None) -> Iterator[tuple[int, Decoded | None]]:
    """Yield place and outcome of each video that is there: a `Video`, or None for a refusal."""
    sent: deque[int] = deque()

    def requests() -> Iterator[DecodeRequest]:
        for place, path in enumerate(paths):
            try:
                at = locate(path)
            except OSError:
                continue
            sent.append(place)
            yield DecodeRequest(at.place, Modality.VIDEO, _NO_FRAMES, start=at.start, end=at.end)

    with DecodePool(workers or len(os.sched_getaffinity(0))) as pool:
        for found in pool.map(requests()):
            yield sent.popleft(), None if isinstance(found, DecodeError) else found


def _write(root: Path, rates: Mapping[str, FrameRate]) -> None:
    import polars as pl

    rows = [(r.fingerprint, r.variable, r.duration) for _, r in sorted(rates.items())]
    with replacing(root / TABLE) as coming:
        pl.DataFrame(rows, schema=_schema(), orient="row").write_parquet(coming)


def _schema() -> Schema:
    import polars as pl

    return {"fingerprint": pl.String, "variable": pl.Boolean, "duration": pl.Float64}
