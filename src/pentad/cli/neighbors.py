"""``pentad neighbors``: the k nearest items of every modality for each caption."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import (
    AddressOption,
    DeviceOption,
    EngineOption,
    GeneratedOption,
    JsonOption,
    KOption,
    MemoryOption,
    SeedOption,
    WorkspaceArgument,
)


def neighbors(  # noqa: PLR0913, PLR0917  (one for each option)
    workspace: WorkspaceArgument,
    k: KOption = 16,
    backend: Annotated[
        str, typer.Option("--backend", help="auto, exact, ivf, hnsw or hnsw-flat.")
    ] = "auto",
    recall: Annotated[
        float, typer.Option("--recall", help="What an approximate search has to find.")
    ] = 0.95,
    hubness: Annotated[
        str, typer.Option("--hubness", help="none, center, csls or center+csls.")
    ] = "none",
    native: Annotated[
        str, typer.Option("--native", help="A caption's own items: keep, exclude or first.")
    ] = "keep",
    memory: MemoryOption = "512M",
    device: DeviceOption = "cpu",
    engine: EngineOption = "local",
    address: AddressOption = None,
    seed: SeedOption = 0,
    generated: GeneratedOption = None,
    json: JsonOption = False,
) -> None:
    """Learn the bridge where it is needed, then find the neighbors of every caption.

    Exact up to a million items; beyond that by an index, tuned to --recall on the captions
    themselves. With --hubness the figures before and after are printed.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_neighbors
    from pentad.pipeline.options import NeighborOptions, make_machine
    from pentad.pipeline.verbs import neighbors_step

    rows = neighbors_step(
        workspace,
        options=NeighborOptions(k, backend, recall, hubness, native),
        machine=make_machine(memory, device, engine, address),
        seed=seed,
        generated=generated,
        progress=make_progress(),
    )
    if json:
        for row in rows:
            emit(row)
    else:
        print_neighbors(rows)
    next_step(f"pentad group {workspace}")
