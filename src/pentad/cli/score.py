"""``pentad score``: a TREC run against TREC judgments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pentad.cli.options import JsonOption, SeedOption

_METRICS = ("ndcg@10", "map@10", "mrr@10", "recall@10", "hit@1")


def score(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="query Q0 item rank score tag")],
    qrels: Annotated[
        Path, typer.Option("--qrels", metavar="FILE", help="query 0 item grade, or BEIR's table.")
    ],
    metric: Annotated[
        list[str], typer.Option("--metric", help="Such as ndcg@10, map-r@100; repeatable.")
    ] = [],  # noqa: B006  (typer copies it)
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Score a run that any system wrote; results are in the order of score, then id.

    A judged query that the run does not have scores as an empty list. map@K is divided by
    min(K, R); trec_eval's is map-r@K.
    """
    from pentad.cli.output import emit, print_table
    from pentad.evaluation.listed import score_run
    from pentad.evaluation.tasks.trec import read_qrels, read_run

    found = score_run(read_qrels(qrels), read_run(run), metric or _METRICS)
    means = found.means(seed=seed)
    if json:
        emit(
            {
                "queries": len(found.queries),
                "unranked": found.unranked,
                "unjudged": found.unjudged,
                "metrics": {
                    name: {"value": m.value, "low": m.low, "high": m.high}
                    for name, m in means.items()
                },
            }
        )
        return
    rows = [(name, m.value, f"{m.low:.3f} - {m.high:.3f}") for name, m in means.items()]
    print_table(("metric", "mean", "95 % interval"), rows)
    typer.echo(
        f"{len(found.queries)} judged queries, {found.unranked} of them not in the run; "
        f"{found.unjudged} queries of the run are not judged"
    )
