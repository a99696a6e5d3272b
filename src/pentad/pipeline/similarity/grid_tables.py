"""The tables of a grid: one row a cell and metric, one a cell, metric and class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pentad.evaluation.similarity import figures
from pentad.evaluation.tables import latex_table
from pentad.store.atomic import replacing, write_bytes, write_json

_TEXT = ("aggregate", "pca", "search")


def write_grid(results: Sequence[dict[str, Any]], out: str | Path) -> list[str]:
    """Write results.csv, .parquet, .json and .tex, classes.csv and the figures; return their names.

    Without matplotlib there are no figures.
    """
    import polars as pl

    root = Path(out)
    table, classes = (
        # Means that are nowhere defined are numbers nevertheless.
        pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col(pl.Null).cast(pl.Float64))
        for rows in (result_rows(results), class_rows(results))
    )
    for name, frame in (("results", table), ("classes", classes)):
        with replacing(root / f"{name}.csv") as coming:
            frame.write_csv(coming)
    with replacing(root / "results.parquet") as coming:
        table.write_parquet(coming)
    write_json(root / "results.json", [_without_key(result) for result in results])
    write_bytes(root / "results.tex", latex_table(table_rows(results)).encode())
    names = ["results.csv", "results.parquet", "results.json", "results.tex", "classes.csv"]
    return [*names, *figures.draw_grid(results, root)]


def table_rows(results: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a header and one row a cell: every metric, micro and macro, with intervals."""
    metrics = list(results[0]["scores"]) if results else []
    kinds = [(metric, kind) for metric in metrics for kind in ("micro", "macro")]
    header = [*_TEXT, *(f"{metric} {kind}" for metric, kind in kinds)]
    return [header, *([*_cell(r), *(_score(r["scores"][m], k) for m, k in kinds)] for r in results)]


def _cell(result: dict[str, Any]) -> list[str]:
    recipe = result["recipe"]
    pca = "none" if recipe["pca"] < 0 else str(recipe["pca"])
    unit = ", unit" if recipe["normalize"] else ""
    return [recipe["aggregate"], pca, result["search"] + unit]


def _score(found: dict[str, Any], kind: str) -> str:
    ends = found["interval"][kind]
    return "-" if ends is None else f"{found[kind]:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]"


def _without_key(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "key"}


def result_rows(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a cell and metric."""
    rows = []
    for result in results:
        for metric, found in result["scores"].items():
            row = {
                "variant": result["variant"],
                "aggregate": result["recipe"]["aggregate"],
                "pca": result["recipe"]["pca"],
                "normalize": result["recipe"]["normalize"],
                "search": result["search"],
                "dim": result["dim"],
                "items": result["items"],
                "metric": metric,
            }
            for kind in ("micro", "macro"):
                low, high = found["interval"][kind] or (None, None)
                row |= {kind: found[kind], f"{kind}_low": low, f"{kind}_high": high}
            row |= {f"family {name}": value for name, value in found["family"].items()}
            rows.append(row)
    return rows


def class_rows(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a cell, metric and class."""
    return [
        {
            "variant": result["variant"],
            "search": result["search"],
            "metric": metric,
            "class": name,
            "value": value,
            "n": found["n"]["class"][name],
        }
        for result in results
        for metric, found in result["scores"].items()
        for name, value in found["class"].items()
    ]
