"""``pentad train``: a unified model from the groups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, WorkspaceArgument

if TYPE_CHECKING:
    from pentad.encoders.projection import ProjectionModel


def train(
    workspace: WorkspaceArgument,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Seed of everything random; default that of the neighbors."),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--groups", help="Train on these alone, as emm1-nn_1. Repeatable."),
    ] = None,
    ratings: Annotated[
        list[str] | None,
        typer.Option("--ratings", help="Then on these ratings, as emm1-1m. Repeatable."),
    ] = None,
    init: Annotated[
        str | None, typer.Option("--from", metavar="MODEL", help="Model to go on from.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the model; default projection.")
    ] = None,
    dim: Annotated[int | None, typer.Option("--dim", min=1, help="Length of a vector.")] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=0, help="How often rows are gone through.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Train on the groups, score on held-out concepts, and save the model for all items.

    With --groups or --ratings, such as those of E-MM1, train projection heads on just these rows
    and the stored embeddings; there are no held-out scores then.
    """
    if groups or ratings:
        _on_groups(workspace, groups, ratings, init, name, dim, epochs, seed or 0, json)
        return
    _refuse_alone(init=init, name=name, dim=dim, epochs=epochs)
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.cli.results import print_report
    from pentad.pipeline.verbs import train_step

    report = train_step(workspace, seed=seed, progress=make_progress())
    if json:
        emit(report.to_json())
    else:
        print_report(report)
    next_step(f"pentad search {workspace} QUERY")


def _on_groups(
    workspace: Path,
    groups: list[str] | None,
    ratings: list[str] | None,
    init: str | None,
    name: str | None,
    dim: int | None,
    epochs: int | None,
    seed: int,
    json: bool,
) -> None:
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.pipeline.train_groups import DEFAULT_NAME, train_on_groups

    model = train_on_groups(
        workspace,
        groups or (),
        ratings=ratings or (),
        init=init,
        name=name or DEFAULT_NAME,
        dim=dim,
        epochs=epochs,
        seed=seed,
        progress=make_progress(),
    )
    folder = workspace / "models" / model.name
    if json:
        emit({"model": str(folder), "space": model.space, "dim": model.dim, **model.notes})
    else:
        _print(model, folder)
    next_step(f"pentad eshot evaluate ROOT -m {folder}")


def _print(model: ProjectionModel, folder: Path) -> None:
    from pentad.cli.output import print_table

    rows = [
        (run["data"], run["rows"], run["steps"], "-" if run["loss"] is None else run["loss"])
        for run in model.notes["runs"]
    ]
    print_table(("trained on", "rows", "steps", "loss at the end"), rows)
    names = ", ".join(modality.value for modality in model.modalities)
    typer.echo(f"{folder}: {model.dim} dimensions for {names}")


def _refuse_alone(**options: object) -> None:
    from pentad.core.errors import InputError

    for option, value in options.items():
        if value is not None:
            flag = "--from" if option == "init" else f"--{option}"
            raise InputError(f"{flag} goes with --groups or --ratings")
