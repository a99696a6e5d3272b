"""A leakage report as a page in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pentad.curation.leakage.report import LeakageReport
    from pentad.curation.leakage.threshold import Threshold

_SHOWN = 20


def page(report: LeakageReport) -> str:
    """Return the page: counts, thresholds, what was not checked, and the first pairs."""
    lines = [
        "# Leakage",
        "",
        f"Training set: `{report.train}`. Evaluation set: `{report.evaluation}`. "
        f"Compared by {', '.join(report.kinds)}.",
        "",
        *_leaked(report),
        *_counts(report),
        *_thresholds(report),
        *_unchecked(report),
        *_pairs(report),
    ]
    return "\n".join(lines).rstrip() + "\n"


def threshold_line(modality: str, threshold: Threshold) -> str:
    """Return a threshold of embeddings as one line: its value, where from, what exceeds it."""
    reached = f"{threshold.eval_above} of {threshold.eval_items} evaluation items reach it"
    if threshold.rate is None:
        return f"{modality}: cosine {threshold.value:.4f}, given; {reached}"
    above = f"{threshold.train_above or 0:.2%} of {threshold.sample} training items do"
    return (
        f"{modality}: cosine {threshold.value:.4f}, set for {threshold.rate:.2%} false alarms; "
        f"{reached}, {threshold.expected_false or 0:.1f} expected by chance; {above}"
    )


def _leaked(report: LeakageReport) -> list[str]:
    found = report.to_json()["items"]["eval"]
    rows = [
        [modality, str(each["items"]), str(each["leaked"]), _share(each["leaked"], each["items"])]
        for modality, each in found.items()
    ]
    return _table(["evaluation items", "of them", "leaked", "share"], rows)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _counts(report: LeakageReport) -> list[str]:
    names = ("kind", "what", "eval_modality", "train_modality")
    numbers = ("pairs", "eval_items", "train_items")
    rows = [[str(row[name]) for name in (*names, *numbers)] for row in report.counts()]
    header = ["kind", "what", "evaluation", "training", "pairs", "eval items", "train items"]
    return ["## By kind", "", *(_table(header, rows) if rows else ["Nothing was found.", ""])]


def _thresholds(report: LeakageReport) -> list[str]:
    lines = [
        f"- {kind}, {modality}: {', '.join(f'{name} {value:g}' for name, value in found.items())}"
        for kind, of in report.thresholds.items()
        for modality, found in of.items()
    ]
    lines += [
        f"- embedding in `{report.space}`, {threshold_line(modality, threshold)}"
        for modality, threshold in report.calibrations.items()
    ]
    return ["## Thresholds", "", *lines, ""] if lines else []


def _unchecked(report: LeakageReport) -> list[str]:
    if not report.unchecked:
        return []
    lines = []
    for each in report.unchecked:
        lines.append(f"- {each}")
        lines += [f"    - {_plain(name)}" for name in each.names[:_SHOWN]]
    return ["## Not checked", "", *lines, ""]


def _pairs(report: LeakageReport) -> list[str]:
    import polars as pl

    strongest = report.matches.sort("strength", descending=True, maintain_order=True)
    shown = pl.concat(
        [part.head(_SHOWN) for part in strongest.partition_by("kind", maintain_order=True)]
        or [strongest]
    )
    columns = ("kind", "what", "eval_key", "train_key", "strength", "detail")
    rows = [
        [f"{value:.3f}" if isinstance(value, float) else _plain(str(value)) for value in row]
        for row in shown.select(columns).iter_rows()
    ]
    header = ["kind", "what", "evaluation", "training", "strength", "detail"]
    if not rows:
        return []
    title = f"## Strongest pairs (at most {_SHOWN} of a kind)"
    return [title, "", *_table(header, rows)]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines] + [""]


def _plain(text: str) -> str:
    """Return text that cannot end its cell or begin markup."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", r"\|").replace("<", "&lt;")
