"""``pentad embed``: vectors of all items."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import (
    AddressOption,
    EngineOption,
    JsonOption,
    ModalityName,
    ModelOption,
    WorkersOption,
    WorkspaceArgument,
)


def embed(  # noqa: PLR0913, PLR0917  (one for each option)
    workspace: WorkspaceArgument,
    model: ModelOption = [],  # noqa: B006  (typer copies it)
    modality: Annotated[
        list[ModalityName], typer.Option("--modality", help="Only these. Repeatable.")
    ] = [],  # noqa: B006
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, auto, or one of torch: cuda, cuda:1.")
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option("--dtype", help="float32; bfloat16 or float16 for mixed precision."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", min=1, help="Rows of a run; halved where memory is short."),
    ] = None,
    workers: WorkersOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try refused items again, and only those.")
    ] = False,
    frames: Annotated[
        bool, typer.Option("--frames", help="Store windows, frames or views, not their mean.")
    ] = False,
    engine: EngineOption = "local",
    address: AddressOption = None,
    json: JsonOption = False,
) -> None:
    """Embed every item that is new or changed; without -m with the encoders used last.

    A run that was cut short goes on where it was. Refused items are listed in
    logs/rejected.parquet and tried again when they change, or with --retry-failed.
    """
    from pentad.cli.output import emit, next_step, print_table
    from pentad.cli.progress import make_progress
    from pentad.embeddings.work import EmbedOptions
    from pentad.pipeline.options import remote_engine
    from pentad.pipeline.verbs import embed_step

    rows = embed_step(
        workspace,
        models=model,
        modalities=[name.value for name in modality],
        options=EmbedOptions(workers, batch_size, retry_failed, frames),
        device=device,
        dtype=dtype,
        engine=remote_engine(engine, address),
        progress=make_progress(),
    )
    if json:
        for row in rows:
            emit(row)
    else:
        header = ("modality", "space", "encoded", "kept", "rejected")
        print_table(header, [tuple(row[name] for name in header) for row in rows])
    next_step(f"pentad neighbors {workspace}")
