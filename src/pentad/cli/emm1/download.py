"""``pentad emm1 download``: the media that groups or triplets need, from where they lie."""

from __future__ import annotations

from pentad.cli.emm1.download_options import (
    ContactOption,
    CookiesOption,
    DryRunOption,
    LimitGroupsOption,
    LimitOption,
    MediaToOption,
    OneSplitOption,
    OnlyModalityOption,
    OnlySourceOption,
    PairOption,
    RateOption,
    RetryFailedOption,
    SourcesFileOption,
    UsedByOption,
    WorkersOption,
)
from pentad.cli.emm1.options import RootArgument
from pentad.cli.emm1.pull import AllowPrivateOption
from pentad.cli.options import JsonOption


def download(  # noqa: PLR0913, PLR0917
    root: RootArgument = None,
    media_root: MediaToOption = None,
    modality: OnlyModalityOption = [],  # noqa: B006  typer copies it
    source: OnlySourceOption = [],  # noqa: B006
    split: OneSplitOption = None,
    nn: UsedByOption = [],  # noqa: B006
    pair: PairOption = None,
    limit: LimitOption = None,
    limit_groups: LimitGroupsOption = None,
    workers: WorkersOption = 8,
    rate: RateOption = None,
    contact: ContactOption = None,
    cookies: CookiesOption = None,
    sources: SourcesFileOption = None,
    retry_failed: RetryFailedOption = False,
    dry_run: DryRunOption = False,
    allow_private: AllowPrivateOption = [],  # noqa: B006
    json: JsonOption = False,
) -> None:
    """Fetch images, sounds, videos and clouds; run again to go on. Items that fail are listed."""
    from pentad.cli.emm1.download_shown import expected, print_expected, print_result, result
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.sources.emm1.dataset import open_emm1
    from pentad.sources.emm1.download import download as run

    ds = open_emm1(root, media_root=media_root)
    done = run(
        ds,
        split=None if split is None else split.value,
        nn=nn,
        pair=None if pair is None else pair.split("-"),
        modalities=[name.value for name in modality] or None,
        sources=source or None,
        limit=limit,
        limit_groups=limit_groups,
        workers=workers,
        rate=rate,
        contact=contact,
        cookies=cookies,
        sources_file=sources,
        retry_failed=retry_failed,
        dry_run=dry_run,
        allow_private=allow_private,
        announce=(lambda start: emit(expected(start))) if json else print_expected,
        progress=make_progress(),
    )
    if json and not dry_run:
        emit(result(done))
    elif not dry_run:
        print_result(done)
    next_step(f"pentad emm1 report {ds.root} --media-root {ds.media_root}")
