"""``pentad emm1 triplets``: captions with an item of their own and an item that a person rated."""

from __future__ import annotations

from typing import Annotated

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


def triplets(  # noqa: PLR0913, PLR0917
    root: RootArgument = None,
    modality: ModalitiesOption = [],  # noqa: B006  (typer copies it)
    paths: PathsOption = False,
    captions: Annotated[bool, typer.Option("--captions", help="Add the caption.")] = False,
    labels: Annotated[
        bool, typer.Option("--labels", help="Add the annotation as text: Good Match.")
    ] = False,
    annotation: Annotated[
        list[str],
        typer.Option("--annotation", help="Keep these: good, partial, bad. Repeatable."),
    ] = [],  # noqa: B006
    vote: Annotated[
        bool, typer.Option("--vote", help="Make one row of repeated ones, by majority.")
    ] = False,
    fix_roles: Annotated[
        bool,
        typer.Option("--fix-roles", help="Exchange paired and annotated where they are swapped."),
    ] = False,
    media_root: MediaRootOption = None,
    only_present: OnlyPresentOption = False,
    names: NamesOption = Naming.pentad,
    out: OutOption = None,
    head: HeadOption = 10,
    json: JsonOption = False,
) -> None:
    """Write rated triplets between modalities, in both directions, repeated rows and all.

    Of three or more modalities every pair that was rated is taken; annotation is 1 good,
    2 partial, 3 bad.
    """
    from pentad.cli.emm1.rows import show_rows, show_written
    from pentad.cli.output import next_step
    from pentad.sources.emm1.dataset import open_emm1
    from pentad.sources.emm1.write import check_output, write_frame

    ds = open_emm1(root, media_root=media_root)
    if out is not None:
        check_output(out, ds.places)
    frame = ds.triplets(
        [m.value for m in modality] or None,
        captions=captions,
        paths=paths,
        labels=labels,
        annotations=annotation or None,
        vote=vote,
        fix_roles=fix_roles,
        only_present=only_present,
        names=names.value,
    )
    if out is None:
        show_rows(frame, head=head, json=json)
        return
    rows = write_frame(frame, out)
    show_written(out, rows, frame.collect_schema().names(), json=json)
    next_step(f"pentad emm1 report {ds.root}")
