"""``pentad group``: neighbors lined up into groups."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import GroupFormat, JsonOption, WorkspaceArgument


def group(
    workspace: WorkspaceArgument,
    k: Annotated[
        int | None,
        typer.Option("-k", min=1, help="Groups a caption; default one for each neighbor."),
    ] = None,
    max_uses: Annotated[
        int | None, typer.Option("--max-uses", min=1, help="How often an item may be used.")
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="Who gets an item: greedy, auction or exact.")
    ] = "greedy",
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Least score of an item in a group.")
    ] = None,
    compose: Annotated[
        str, typer.Option("--compose", help="What stands in one group: rank or agreement.")
    ] = "rank",
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Write how alike the members of a group are.")
    ] = False,
    form: Annotated[
        GroupFormat, typer.Option("--format", help="parquet, or csv in E-MM1's layout.")
    ] = GroupFormat.parquet,
    json: JsonOption = False,
) -> None:
    """Write one group a caption and rank; with --format csv also as infos/ and nn_1/ ... tables.

    With --max-uses, find more neighbors than groups are wanted (neighbors -k 24, group -k 16): the
    others are what a caption gets when its nearest items are used up.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_groups
    from pentad.pipeline.options import GroupOptions
    from pentad.pipeline.verbs import group_step

    options = GroupOptions(k, max_uses, method, threshold, compose, agreement)
    manifest = group_step(workspace, options=options, form=form.value, progress=make_progress())
    if json:
        emit(manifest)
    else:
        print_groups(manifest)
    next_step(f"pentad train {workspace}")
