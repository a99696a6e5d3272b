"""``pentad emm1 info``: what a copy of the data set has, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from pentad.cli.emm1.options import MediaRootOption, RootArgument
from pentad.cli.options import JsonOption

Facts = Mapping[str, Any]


def info(
    root: RootArgument = None, media_root: MediaRootOption = None, json: JsonOption = False
) -> None:
    """List the tables that are here with their rows and ids, and say what is missing.

    Tables that are still Git LFS pointers are listed with the command that fetches them.
    """
    from pentad.cli.output import emit, next_step
    from pentad.cli.progress import make_progress
    from pentad.core.errors import InputError
    from pentad.sources.emm1.dataset import open_emm1

    ds = open_emm1(root, media_root=media_root)
    facts = ds.info(progress=make_progress())
    if json:
        emit(facts)
    else:
        _print(facts)
    wrong = [f["problem"] for s in facts["splits"].values() for f in _of_state(s, "damaged")]
    if wrong:
        more = f" (and {len(wrong) - 1} more damaged tables)" if len(wrong) > 1 else ""
        raise InputError(f"{wrong[0]}{more}")
    next_step(f"pentad emm1 groups {ds.root} --paths --out groups.parquet")


def _of_state(split: Facts, state: str) -> list[Facts]:
    return [facts for facts in split["tables"].values() if facts["state"] == state]


def _print(facts: Facts) -> None:
    from pentad.cli.output import print_table

    typer.echo(f"root: {facts['root']} (layout: {facts['layout']})")
    typer.echo(f"media: {facts['media_root']}")
    for part, split in facts["splits"].items():
        typer.echo(f"\n{part}: {split['folder']}")
        header = ("table", "state", "rows", "ids", "smallest", "largest", "")
        if split["tables"]:
            rows = [_row(name, table) for name, table in split["tables"].items()]
            print_table(header, rows)
        if split["missing"]:
            typer.echo(f"missing: {', '.join(_ranges(split['missing']))}")
    if facts["missing"]:
        typer.echo(f"\nmissing: {', '.join(facts['missing'])}")
    for notice in facts["notices"]:
        typer.echo(f"\n{notice}")


def _row(name: str, table: Facts) -> tuple[object, ...]:
    """Return one line; of several columns of ids that of the captions is shown."""
    ids: Facts = next(iter((table["ids"] or {}).values()), {})
    numbers = [table["rows"], *(ids.get(key) for key in ("count", "smallest", "largest"))]
    state = f"{table['state']}, {table['bytes']:,} bytes"
    return name, state, *("-" if n is None else n for n in numbers), _detail(table)


def _detail(table: Facts) -> str:
    if table["state"] == "pointer":
        return str(table["command"])
    parts = [f"{name} {count}" for name, count in table.get("save_folders", {}).items()]
    parts += [f"{p['paired']}-{p['annotated']} {p['rows']}" for p in table.get("pairs", ())]
    if "roles" in table:
        parts.append(f"roles {table['roles']}")
    if "categories" in table:
        parts.append(f"{table['categories']} categories")
    return str(table.get("problem") or ", ".join(parts))


def _ranges(names: list[str]) -> Iterator[str]:
    """Yield names, runs of ranks as one."""
    ranks = [int(n[3:].partition("/")[0]) for n in names if n.startswith("nn_")]
    yield from (name for name in names if not name.startswith("nn_"))
    while ranks:
        first = last = ranks.pop(0)
        while ranks and ranks[0] == last + 1:
            last = ranks.pop(0)
        yield f"nn_{first}" if first == last else f"nn_{first} .. nn_{last}"
