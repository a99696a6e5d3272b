"""``pentad group``: neighbors lined up into groups."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import GroupFormat, JsonOption, WorkspaceArgument


def group(
    workspace: WorkspaceArgument,
    max_uses: Annotated[
        int | None, typer.Option("--max-uses", min=1, help="How often an item may be used.")
    ] = None,
    form: Annotated[
        GroupFormat, typer.Option("--format", help="parquet, or csv in E-MM1's layout.")
    ] = GroupFormat.parquet,
    json: JsonOption = False,
) -> None:
    """Write one group a caption and rank; with --format csv also as infos/ and nn_1/ ... tables."""
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.pipeline.verbs import group_step

    manifest = group_step(workspace, max_uses=max_uses, form=form.value, progress=make_progress())
    if json:
        emit(manifest)
    else:
        typer.echo(f"{manifest['groups']} groups of {', '.join(manifest['modalities'])}")
    next_step(f"pentad train {workspace}")
