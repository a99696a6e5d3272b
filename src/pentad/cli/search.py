"""``pentad search``: by text or by an example file, in any modality."""

from __future__ import annotations

from typing import Annotated

import typer

from pentad.cli.options import JsonOption, KOption, ModalityName, WorkspaceArgument


def search(
    workspace: WorkspaceArgument,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Text, a file, or - for stdin.")],
    modality: Annotated[
        ModalityName | None, typer.Option("--modality", help="Search only this; default all.")
    ] = None,
    k: KOption = 10,
    model: Annotated[str, typer.Option("-m", "--model", help="Saved model to search with.")] = "",
    json: JsonOption = False,
) -> None:
    """Find the items nearest to a text or to a file."""
    from dataclasses import asdict

    from pentad.cli.output import emit, print_table
    from pentad.pipeline.search import search_workspace

    hits = search_workspace(
        workspace,
        _from_stdin() if query == "-" else query,
        modality=modality.value if modality else None,
        k=k,
        model=model or None,
    )
    if json:
        for hit in hits:
            emit(asdict(hit))
        return
    rows = [
        (h.modality.value, h.rank, h.score, h.file or "", "; ".join(h.captions or ())) for h in hits
    ]
    print_table(("modality", "rank", "score", "file", "captions"), rows)


def _from_stdin() -> str:
    import sys

    from pentad.core.errors import InputError

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InputError("what stdin holds is not UTF-8 text") from None
