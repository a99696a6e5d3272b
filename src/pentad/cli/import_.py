"""``pentad import``: vectors that another program made, for the items of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, ModalityName, WorkspaceArgument

PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="File or folder to read.")]
KindOption = Annotated[ModalityName, typer.Option("--modality", help="What the vectors are of.")]
SpaceOption = Annotated[str, typer.Option("--space", help="Name to store them under.")]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", help="clip-retrieval, json, huggingface, faiss or atlas; default what is there."
    ),
]
ColumnOption = Annotated[
    str | None, typer.Option("--column", help="Parquet: the vectors; default the only one.")
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", help="Column that says what a row is: file, caption or item id."),
]
IdsOption = Annotated[
    Path | None,
    typer.Option("--ids", help="faiss: .npy or Parquet of ids or names; default beside it."),
]
ApproximateOption = Annotated[
    bool, typer.Option("--approximate", help="faiss: take vectors that an index has changed.")
]
BadRowsOption = Annotated[
    str, typer.Option("--bad-rows", help="error, or reject: go on and list them.")
]
AggregateOption = Annotated[
    str | None,
    typer.Option("--aggregate", help="Items with several vectors: mean, median, max or none."),
]


def import_(  # noqa: PLR0913, PLR0917  (one for each option)
    workspace: WorkspaceArgument,
    path: PathArgument,
    modality: KindOption,
    space: SpaceOption,
    format_: FormatOption = None,
    column: ColumnOption = None,
    key: KeyOption = None,
    ids: IdsOption = None,
    approximate: ApproximateOption = False,
    bad_rows: BadRowsOption = "error",
    aggregate: AggregateOption = None,
    json: JsonOption = False,
) -> None:
    """Store vectors of another program, each at the item that it is of.

    Rows are matched by path or caption, or by item id with --key. Vectors that an encoder of the
    same space would make are not encoded again.
    """
    from pentad.cli.output import emit, next_step, print_table
    from pentad.cli.progress import make_progress
    from pentad.pipeline.exchange import ImportOptions, import_embeddings

    summary = import_embeddings(
        workspace,
        path,
        modality=modality.value,
        space=space,
        options=ImportOptions(format_, column, key, ids, approximate, bad_rows, aggregate),
        progress=make_progress(),
    )
    row = summary.to_json()
    if json:
        emit(row)
    else:
        header = ("format", "attached", "without", "unknown", "repeated", "ambiguous", "rejected")
        print_table(header, [tuple(row[name] for name in header)])
    next_step(f"pentad info {workspace}")
