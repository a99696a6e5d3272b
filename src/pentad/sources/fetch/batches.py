"""From a source's plan to the handler that does the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pentad.sources.fetch.catalog import Method, SourcePlan
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.handlers.archive import TarBatch, ZipBatch
from pentad.sources.fetch.handlers.folder import FolderBatch
from pentad.sources.fetch.handlers.parquet_rows import ParquetBatch
from pentad.sources.fetch.handlers.wanted import NameRule, Wanted
from pentad.sources.fetch.handlers.web import WebBatch
from pentad.sources.fetch.handlers.youtube import YouTubeBatch, YouTubeOptions
from pentad.sources.fetch.hub import Hub
from pentad.sources.fetch.jobs import Batch, Finish, Task
from pentad.sources.fetch.places import Places
from pentad.sources.fetch.placing import Rules

MIB = 1 << 20


@dataclass(frozen=True)
class HandlerOptions:
    """What handlers are told beyond the plans.

    Attributes:
        youtube: How yt-dlp is run.
        finish: By modality: what turns a file that came (first path) into the one that is kept
            (second path). It may raise any error of Pentad; the item then counts as unusable.
        hub: The hub that ``hub://`` leads to, by default that of ``HF_ENDPOINT``.
        limits: By modality: bytes above which a file is refused.
    """

    youtube: YouTubeOptions = field(default_factory=YouTubeOptions)
    finish: Mapping[str, Finish] = field(default_factory=dict)
    hub: Hub | None = None
    limits: Mapping[str, int] = field(
        default_factory=lambda: {"image": 128 * MIB, "points": 256 * MIB}
    )


_LARGEST = 4096 * MIB


def batch_for(
    plan: SourcePlan, tasks: Sequence[Task], client: Client, options: HandlerOptions
) -> Batch:
    """Return the handler for the tasks of one source, which are of one modality or share clips.

    Raises:
        InputError: Something the user named is not there.
    """
    modality = tasks[0].job.modality
    limit = options.limits.get(modality, _LARGEST)
    rules = Rules(plan.kind, limit, options.finish.get(modality))
    if plan.method is Method.WEB:
        return WebBatch(plan.name, tasks, client, plan.url, rules)
    if plan.method is Method.YOUTUBE:
        return YouTubeBatch(plan.name, tasks, options.youtube, rules, lambda: client.stopped)
    if plan.method is Method.FOLDER:
        return FolderBatch(plan.name, tasks, plan.locations, plan.member, rules)
    places = Places(client, options.hub or Hub(client))
    if plan.method is Method.PARQUET:
        wanted = Wanted(tasks, NameRule(plan.member, folders=False))
        columns = (plan.name_column, plan.bytes_column)
        return ParquetBatch(plan.name, wanted, places, plan.locations, columns, rules)
    kind = ZipBatch if plan.method is Method.ZIP else TarBatch
    return kind(plan.name, Wanted(tasks, NameRule(plan.member)), places, plan.locations, rules)
