"""``pentad similarity evaluate``: MAP@N, MR1 and others, by query, class, family."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption
from pentad.cli.similarity.options import (
    CompatOption,
    FamiliesOption,
    MetricOption,
    TruthOption,
)

if TYPE_CHECKING:
    from pentad.evaluation.intervals import Interval
    from pentad.evaluation.similarity.averages import Averages
    from pentad.evaluation.similarity.report import SimilarityReport

_SHOWN = 5


def evaluate(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RANKING.jsonl|DIR2", help="Rankings, or a folder that search takes."
        ),
    ],
    ground_truth: TruthOption,
    families: FamiliesOption = None,
    metric: MetricOption = [],  # noqa: B006  (typer copies it)
    cutoff: Annotated[
        int | None, typer.Option("-N", min=1, help="The same as --metric map@N.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option("--search", "-s", help="Of a folder: dot, cosine, or euclidean (nn)."),
    ] = None,
    compat: CompatOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            "--output-dir",
            metavar="DIR",
            help="Also write the published program's files.",
        ),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Score rankings by labels: relevant is what shares one, for a class what has it.

    A folder is ranked as a whole, which MR1 needs; of rankings that are cut off MAP is the default.
    A query to which nothing is relevant is left out and counted; with --compat sss it counts 0, as
    the published program has it.
    """
    from pentad.cli.output import emit
    from pentad.cli.progress import make_progress
    from pentad.evaluation.similarity.published import write_published
    from pentad.pipeline.similarity.steps import Truth, evaluate_step

    report = evaluate_step(
        source,
        Truth(ground_truth, families),
        [*metric, *([] if cutoff is None else [f"map@{cutoff}"])],
        search=search,
        compat=compat,
        seed=seed,
        progress=make_progress(),
    )
    if out is not None:
        write_published(report, out)
    if json:
        emit(report.to_json())
    else:
        _print(report)


def _print(report: SimilarityReport) -> None:
    from pentad.cli.output import print_table

    rows = [
        (str(metric), *_means(found), found.queries, found.left_out)
        for metric, found in report.averages.items()
    ]
    print_table(("metric", "micro", "macro", "queries", "left out"), rows)
    for metric, found in report.averages.items():
        if found.families:
            typer.echo("")
            print_table(
                ("family", str(metric)),
                [(name, _text(value)) for name, value in found.families.items()],
            )
        typer.echo("")
        print_table(("class", str(metric), "items"), _classes(found, higher=metric.spec.higher))


def _means(found: Averages) -> tuple[str, str]:
    return _text(found.micro), _text(found.macro)


def _text(value: Interval | None) -> str:
    return "-" if value is None else f"{value.value:.4f} [{value.low:.4f}, {value.high:.4f}]"


def _classes(found: Averages, *, higher: bool) -> list[tuple[str, str, int]]:
    """Return the best and the worst classes, all of them where they are few."""
    known = [(name, each) for name, each in found.classes.items() if each is not None]
    known.sort(key=lambda pair: -pair[1].value if higher else pair[1].value)
    rows = [(name, _text(each), found.clips[name]) for name, each in known]
    if len(rows) > 2 * _SHOWN:
        between = len(rows) - 2 * _SHOWN
        return [*rows[:_SHOWN], (f"... {between} more, all in --json", "", 0), *rows[-_SHOWN:]]
    return rows
