"""``pentad info``: what is in a workspace."""

from __future__ import annotations

from pentad.cli.options import JsonOption, WorkspaceArgument


def info(workspace: WorkspaceArgument, json: JsonOption = False) -> None:
    """Count items, captions, embeddings, groups, models and rejections."""
    from pentad.cli.output import emit
    from pentad.cli.results import print_info
    from pentad.pipeline.info import describe

    facts = describe(workspace)
    if json:
        emit(facts)
    else:
        print_info(facts)
