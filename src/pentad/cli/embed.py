"""``pentad embed``: vectors of all items."""

from __future__ import annotations

from pentad.cli.options import JsonOption, ModelOption, WorkersOption, WorkspaceArgument


def embed(
    workspace: WorkspaceArgument,
    model: ModelOption = [],  # noqa: B006  (typer copies it)
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Embed every item that is new or changed; without -m with the encoders used last."""
    from pentad.cli.output import emit, next_step, print_table
    from pentad.cli.progress import make_progress
    from pentad.pipeline.verbs import embed_step

    rows = embed_step(workspace, models=model, workers=workers, progress=make_progress())
    if json:
        for row in rows:
            emit(row)
    else:
        header = ("modality", "space", "encoded", "kept", "rejected")
        print_table(header, [tuple(row[name] for name in header) for row in rows])
    next_step(f"pentad neighbors {workspace}")
