"""``pentad emm1 groups``: captions with their k-th nearest items of each modality."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pentad.cli.emm1.options import (
    HeadOption,
    MediaRootOption,
    ModalitiesOption,
    NamesOption,
    Naming,
    OnlyPresentOption,
    OutOption,
    PathsOption,
    RootArgument,
)
from pentad.cli.options import JsonOption


def groups(  # noqa: PLR0913, PLR0917
    root: RootArgument = None,
    nn: Annotated[
        list[int],
        typer.Option("--nn", help="Which neighbors, in the order given. Repeatable."),
    ] = [1],  # noqa: B006  (typer copies it)
    modality: ModalitiesOption = [],  # noqa: B006
    paths: PathsOption = False,
    captions: Annotated[
        bool, typer.Option("--captions/--no-captions", help="Add the caption.")
    ] = True,
    media_root: MediaRootOption = None,
    license: Annotated[
        list[str],
        typer.Option("--license", help="Keep rows whose items all have it: CC-BY. Repeatable."),
    ] = [],  # noqa: B006
    source: Annotated[
        list[str],
        typer.Option("--source", help="Keep items from this data set: COCO. Repeatable."),
    ] = [],  # noqa: B006
    only_present: OnlyPresentOption = False,
    names: NamesOption = Naming.pentad,
    out: OutOption = None,
    head: HeadOption = 10,
    json: JsonOption = False,
) -> None:
    """Write groups with captions and paths, one row a caption and rank.

    Ranks come in the order asked for, rows in file order.
    """
    from pentad.cli.emm1.rows import show_rows, show_written
    from pentad.cli.output import next_step
    from pentad.sources.emm1.dataset import open_emm1
    from pentad.sources.emm1.groups import tell_empty

    ds = open_emm1(root, media_root=media_root)
    options: dict[str, Any] = {
        "modalities": [m.value for m in modality] or None,
        "captions": captions,
        "paths": paths,
        "licenses": license or None,
        "sources": source or None,
        "only_present": only_present,
        "names": names.value,
    }
    if out is None:
        if not show_rows(ds.groups(nn, **options), head=head, json=json):
            tell_empty()
        return
    rows = ds.write_groups(out, nn, **options)
    columns = ds.groups(nn, **options).collect_schema().names()
    show_written(out, rows, columns, json=json)
    next_step(f"pentad emm1 report {ds.root}")
