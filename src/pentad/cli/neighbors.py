"""``pentad neighbors``: the k nearest items of every modality for each caption."""

from __future__ import annotations

from pentad.cli.options import JsonOption, KOption, SeedOption, WorkspaceArgument


def neighbors(
    workspace: WorkspaceArgument, k: KOption = 16, seed: SeedOption = 0, json: JsonOption = False
) -> None:
    """Learn the bridge where it is needed, then find the neighbors of every caption."""
    from pentad.cli.output import emit, next_step, print_table
    from pentad.cli.progress import make_progress
    from pentad.pipeline.verbs import neighbors_step

    rows = neighbors_step(workspace, k=k, seed=seed, progress=make_progress())
    if json:
        for row in rows:
            emit(row)
    else:
        header = ("modality", "captions", "items", "k", "space")
        print_table(header, [tuple(row[name] for name in header) for row in rows])
    next_step(f"pentad group {workspace}")
