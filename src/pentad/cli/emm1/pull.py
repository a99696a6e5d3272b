"""``pentad emm1 pull``: tables in the place of the Git LFS pointers of a clone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pentad.sources.emm1.pull import Pulled


class SplitName(StrEnum):
    """The parts of the data set as the command line spells them."""

    groups = "100m"
    triplets = "1m"
    eshot = "eshot"


AllowPrivateOption = Annotated[
    list[str],
    typer.Option(
        "--allow-private",
        metavar="HOST:PORT",
        help="A server of yours that may be on a private network. Repeatable.",
    ),
]


def pull(
    root: Annotated[
        Path,
        typer.Argument(metavar="ROOT", help="Clone made with GIT_LFS_SKIP_SMUDGE=1 git clone."),
    ],
    split: Annotated[
        list[SplitName], typer.Option("--split", help="Which part; default 100m. Repeatable.")
    ] = [SplitName.groups],  # noqa: B006  typer copies it
    nn: Annotated[
        list[int],
        typer.Option("--nn", min=1, help="Which neighbors of 100m; default 1. Repeatable."),
    ] = [],  # noqa: B006
    remote: Annotated[
        str | None,
        typer.Option("--remote", metavar="URL", help="Repository; default what the clone says."),
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option(
            "--token-env",
            metavar="NAME",
            help="Variable with a token for that host; default GITHUB_TOKEN, for github.com only.",
        ),
    ] = None,
    allow_private: AllowPrivateOption = [],  # noqa: B006
    json: JsonOption = False,
) -> None:
    """Fetch the tables of a clone that holds Git LFS pointers; needs neither git nor git-lfs."""
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.core.errors import StoreError
    from pentad.sources.emm1.pull import State
    from pentad.sources.emm1.pull import pull as run

    rows = run(
        root,
        splits=[name.value for name in split],
        nn=nn or None,
        remote=remote,
        token_env=token_env,
        allow_private=allow_private,
        progress=make_progress(),
    )
    if json:
        for row in rows:
            emit({"file": row.file, "bytes": row.bytes, "state": row.state, "reason": row.reason})
    else:
        _print(rows)
    failed = [row for row in rows if row.state is State.FAILED]
    if failed:
        raise StoreError(
            f"{len(failed)} of {len(rows)} tables could not be fetched, such as {failed[0].file} "
            f"({failed[0].reason}); run the same command again to try only these"
        )
    next_step(f"pentad emm1 info {root}")


def _print(rows: Sequence[Pulled]) -> None:
    from pentad.cli.output import print_table

    print_table(
        ("file", "bytes", "state"),
        [(r.file, r.bytes, f"{r.state}: {r.reason}" if r.reason else r.state) for r in rows],
    )
    for state in dict.fromkeys(row.state for row in rows):
        sizes = [row.bytes for row in rows if row.state is state]
        typer.echo(f"{state}: {len(sizes)} tables, {sum(sizes):,} bytes")
