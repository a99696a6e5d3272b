"""What ``pentad classify`` prints and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pentad.cli.output import emit, print_table
from pentad.core.errors import InputError

if TYPE_CHECKING:
    from pentad.evaluation.classification import Classifications
    from pentad.evaluation.zero_shot import TopK
    from pentad.pipeline.classify import ClassifyResult

_KINDS = (".csv", ".parquet", ".jsonl")
_COLUMNS = ("item", "modality", "own", "rank", "label", "score", "probability")


def print_result(result: ClassifyResult) -> None:
    """Print a table of labels, what they depend on, accuracies; what was refused on stderr."""
    rows = [
        (each.item if rank == 1 else "", rank, label, score, probability)
        for each in result
        for rank, (label, score, probability) in enumerate(each.top, 1)
    ]
    print_table(("item", "rank", "label", "score", "probability"), rows)
    typer.echo(f"\nscore: cosine; probability: softmax, temperature {result.parts[0].temperature}")
    for part in result.parts:
        typer.echo(f"{part.modality.value}: {_made(part)}")
    for part in result.parts:
        _print_accuracy(part)
    for refused in result.refused:
        typer.echo(f"{refused.item}: {refused.reason}", err=True)
    if result.refused:
        count = len(result.refused)
        typer.echo(f"{count} of {count + len(result)} could not be classified", err=True)


def print_json(result: ClassifyResult) -> None:
    """Print an object for each item, then for each refused one, then one for all of them."""
    for each in result:
        emit(each.to_json())
    for refused in result.refused:
        emit(refused.to_json())
    accuracy = {p.modality.value: _accuracy(p) for p in result.parts if p.accuracy}
    counts = {"classified": len(result), "refused": len(result.refused)}
    emit({"settings": dict(result.settings), "accuracy": accuracy, **counts})


def check_out(path: Path) -> None:
    """Refuse a file of a kind that is not written, before anything is computed.

    Raises:
        InputError: Its ending is another.
    """
    if path.suffix.lower() not in _KINDS:
        raise InputError("cannot be written", file=path, expected=", ".join(_KINDS))


def write_out(path: Path, result: ClassifyResult) -> None:
    """Write a row for each label of each item; as JSON Lines an object for each item.

    Raises:
        StoreError: The disk is full or cannot be written.
    """
    from pentad.store.atomic import replacing

    with replacing(path) as coming:
        if path.suffix.lower() == ".jsonl":
            lines = (json.dumps(each.to_json(), ensure_ascii=False) for each in result)
            coming.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            return
        import polars as pl

        rows = [
            (each.item, each.modality.value, each.own, rank, *label)
            for each in result
            for rank, label in enumerate(each.top, 1)
        ]
        frame = pl.DataFrame(rows, schema=_schema(), orient="row")
        if path.suffix.lower() == ".csv":
            frame.write_csv(coming)
        else:
            frame.write_parquet(coming)


def _schema() -> dict[str, Any]:
    import polars as pl

    kinds = (pl.String, pl.String, pl.String, pl.Int64, pl.String, pl.Float64, pl.Float64)
    return dict(zip(_COLUMNS, kinds, strict=True))


def _made(part: Classifications) -> str:
    made, count = part.classes.made, len(part.classes)
    said = []
    if "templates" in made:
        kind = "built-in" if made["built_in_templates"] else "given"
        short = made["templates_fingerprint"][:8]
        said.append(f"{len(made['templates'])} {kind} templates ({short})")
    if "examples" in made:
        said.append(f"{made['examples']} examples ({', '.join(made['examples_of'])})")
    weight = f", labels weigh {made['alpha']:g}" if "alpha" in made else ""
    return f"{len(part)} items, {count} labels, by {' and '.join(said)}{weight}"


def _print_accuracy(part: Classifications) -> None:
    if not part.accuracy:
        return
    typer.echo(f"\n{part.modality.value}: {part.known} of {len(part)} have a known class")
    for top in part.accuracy:
        typer.echo(f"  accuracy@{top.k}  {_line(top)}")
    for wrong in part.confusions:
        typer.echo(f"  {wrong.own} taken for {wrong.taken_for}: {wrong.count} of {wrong.of}")


def _line(top: TopK) -> str:
    parts = [
        f"{kind} {mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"
        for kind, mean in (("micro", top.micro), ("macro", top.macro))
    ]
    count = f"({top.total.correct}/{top.total.n} correct, chance {top.chance:.3f})"
    return "  ".join([*parts, count])


def _accuracy(part: Classifications) -> dict[str, Any]:
    tops = {
        f"accuracy@{top.k}": {
            "micro": top.micro.value,
            "micro_interval": [top.micro.low, top.micro.high],
            "macro": top.macro.value,
            "macro_interval": [top.macro.low, top.macro.high],
            "correct": top.total.correct,
            "n": top.total.n,
            "chance": top.chance,
        }
        for top in part.accuracy
    }
    wrong = [vars(confusion) for confusion in part.confusions]
    return {**tops, "known": part.known, "of": len(part), "confusions": wrong}
