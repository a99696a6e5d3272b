"""``pentad leakage``: what an evaluation set shares with a training set."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption, WorkersOption

if TYPE_CHECKING:
    from pentad.curation.leakage.report import LeakageReport


class KindName(StrEnum):
    """Kinds of evidence as the command line spells them."""

    id = "id"
    hash = "hash"
    content = "content"
    caption = "caption"
    embedding = "embedding"


class SideName(StrEnum):
    """The two sides as the command line spells them."""

    train = "train"
    eval = "eval"


_Train = Annotated[
    str,
    typer.Argument(metavar="TRAIN", help="Workspace, or a folder or table of captioned files."),
]
_Eval = Annotated[
    str, typer.Argument(metavar="EVAL", help="The same, of what a model is evaluated on.")
]
_By = Annotated[list[KindName], typer.Option("--by", help="Compare by this kind only; repeatable.")]
_Model = Annotated[
    str,
    typer.Option("-m", "--model", metavar="ENCODER", help="Compare embeddings of this encoder."),
]
_Space = Annotated[
    str, typer.Option("--space", help="Compare embeddings that both workspaces have of this space.")
]
_Threshold = Annotated[
    float | None,
    typer.Option("--threshold", help="Least cosine of a leak; default set from TRAIN."),
]
_Rate = Annotated[
    float,
    typer.Option("--rate", help="Share of unrelated EVAL items that may reach that threshold."),
]
_TrainIds = Annotated[
    Path | None, typer.Option("--train-ids", help="Table of files and ids (youtube_id) of TRAIN.")
]
_EvalIds = Annotated[Path | None, typer.Option("--eval-ids", help="The same of EVAL.")]
_Cache = Annotated[
    Path | None, typer.Option("--cache", help="Keep what was read of files in this folder.")
]
_Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write leakage.json, leakage.md and leaks.parquet here."),
]
_Exclude = Annotated[
    Path | None,
    typer.Option(
        "--exclude", metavar="FILE", help="Write what to leave out: .csv, .parquet, .txt."
    ),
]
_ExcludeSide = Annotated[
    SideName, typer.Option("--exclude-side", help="The side whose items are left out.")
]


def leakage(  # noqa: PLR0913, PLR0917  (one for each option)
    train: _Train,
    evaluation: _Eval,
    by: _By = [],  # noqa: B006  (typer copies it)
    model: _Model = "",
    space: _Space = "",
    threshold: _Threshold = None,
    rate: _Rate = 0.001,
    train_ids: _TrainIds = None,
    eval_ids: _EvalIds = None,
    cache: _Cache = None,
    out: _Out = None,
    exclude: _Exclude = None,
    exclude_side: _ExcludeSide = SideName.eval,
    workers: WorkersOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Find what EVAL shares with TRAIN: ids, files, near copies, captions, embeddings.

    Embeddings are compared where -m or --space names them. Files that cannot be decoded are
    listed under what was not checked.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.curation.leakage.find import find_leaks
    from pentad.curation.leakage.kinds import ALL_KINDS
    from pentad.curation.leakage.save import check_exclusions, save_report, write_exclusions
    from pentad.curation.leakage.vectors import EmbeddingCheck
    from pentad.store.outputs import output_folder

    if exclude is not None:
        check_exclusions(exclude)
    if out is not None:
        output_folder(out)
    _require_one(by, model, space)
    report = find_leaks(
        train,
        evaluation,
        by=by or ALL_KINDS,
        embedding=EmbeddingCheck(
            encoder=model or None, space=space or None, threshold=threshold, rate=rate, seed=seed
        ),
        id_tables=(train_ids, eval_ids),
        cache=cache,
        workers=workers,
        progress=make_progress(),
    )
    if out is not None:
        save_report(report, out)
    left_out = 0 if exclude is None else write_exclusions(report, exclude, exclude_side.value)
    if json:
        emit(report.to_json())
    else:
        _print(report)
        if exclude is not None:
            typer.echo(f"{left_out} {exclude_side.value} items to leave out: {exclude}")
    _next(report, train, evaluation, exclude)


def _require_one(by: list[KindName], model: str, space: str) -> None:
    from pentad.core.errors import InputError

    if model and space:
        raise InputError("which embeddings?", expected="-m ENCODER or --space SPACE, not both")
    if by and KindName.embedding not in by and (model or space):
        raise InputError("embeddings are named and not compared", expected="--by embedding too")
    if by == [KindName.embedding] and not model and not space:
        raise InputError("whose embeddings?", expected="-m ENCODER or --space SPACE")


def _print(report: LeakageReport) -> None:
    from pentad.cli.output import print_table
    from pentad.curation.leakage.page import threshold_line

    found = report.to_json()
    names = ("kind", "what", "eval_modality", "train_modality")
    numbers = ("pairs", "eval_items", "train_items")
    rows = [[row[name] for name in (*names, *numbers)] for row in found["counts"]]
    if rows:
        header = ("kind", "what", "eval", "train", "pairs", "eval items", "train items")
        print_table(header, rows)
        typer.echo()
    for modality, each in found["items"]["eval"].items():
        typer.echo(f"{each['leaked']} of {each['items']} {modality} items of EVAL leaked")
    for modality, threshold in report.calibrations.items():
        typer.echo(f"threshold of {threshold_line(modality, threshold)}")
    for each in report.unchecked:
        typer.echo(f"not checked by {each}")


def _next(report: LeakageReport, train: str, evaluation: str, exclude: Path | None) -> None:
    from pentad.cli.output import next_step

    if exclude is None and report.exclude().height:
        next_step(f"pentad leakage {train} {evaluation} --exclude leaked.csv")
    elif (Path(train) / "pentad.toml").is_file():
        next_step(f"pentad evaluate {train} --data {evaluation}")
    else:
        next_step(f"pentad build {train} WS")
