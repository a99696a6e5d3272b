"""A report as a folder: ``leakage.json``, ``leakage.md``, and ``leaks.parquet`` with the pairs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, SchemaMismatch, StoreError
from pentad.curation.leakage.report import LeakageReport, Unchecked, match_schema
from pentad.curation.leakage.threshold import Threshold
from pentad.store.atomic import replacing, write_bytes
from pentad.store.records import committing, read_record

if TYPE_CHECKING:
    import polars as pl

_RECORD, _PAIRS, _PAGE, _FACTS = "record.json", "leaks.parquet", "leakage.md", "leakage.json"


def save_report(report: LeakageReport, folder: str | Path) -> None:
    """Write a report; the folder has all of it or what it had before.

    Raises:
        StoreError: The disk is full or cannot be written.
    """
    root = Path(folder)
    facts = json.dumps(report.to_json(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    with committing(root / _RECORD) as commit:
        report.matches.write_parquet(commit.path(_PAIRS))
        commit.path(_PAGE).write_text(report.markdown(), encoding="utf-8")
        commit.path(_FACTS).write_text(facts, encoding="utf-8")
        commit.finish({"pairs": report.matches.height})


def load_report(folder: str | Path) -> LeakageReport:
    """Read what `save_report` wrote.

    Raises:
        StoreError: There is no complete report.
        SchemaMismatch: Its table has other columns.
    """
    import polars as pl

    root = Path(folder)
    record = read_record(root / _RECORD)
    if record is None or not record.intact():
        raise StoreError(f"{root}: no complete leakage report; run 'pentad leakage' again")
    try:
        facts = json.loads((root / _FACTS).read_text(encoding="utf-8"))
        matches = pl.read_parquet(root / _PAIRS)
        report = _report(facts, matches)
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{root}: damaged ({text}); run 'pentad leakage' again") from None
    if dict(matches.schema) != match_schema():
        raise SchemaMismatch(root / _PAIRS, list(match_schema()), matches.columns)
    return report


def _report(facts: dict[str, Any], matches: pl.DataFrame) -> LeakageReport:
    items = {
        side: {modality: each["items"] for modality, each in of.items()}
        for side, of in facts["items"].items()
    }
    calibrations = {
        modality: Threshold(**{k: v for k, v in each.items() if k != "expected_false"})
        for modality, each in facts["calibrations"].items()
    }
    unchecked = [
        Unchecked(**{**each, "names": tuple(each["names"])}) for each in facts["unchecked"]
    ]
    return LeakageReport(
        facts["train"], facts["eval"], tuple(facts["kinds"]), items, matches,
        facts["thresholds"], calibrations, tuple(unchecked), facts["space"],
    )  # fmt: skip


def write_exclusions(
    report: LeakageReport, path: str | Path, side: str = "eval", *, weak: bool = False
) -> int:
    """Write the items that are to be left out; return how many.

    ``.parquet`` and ``.csv`` have the columns of `LeakageReport.exclude`; ``.txt`` has one key a
    line, line breaks within captions as blanks.

    Raises:
        InputError: The name ends in something else, or there is no such side.
        StoreError: It cannot be written.
    """
    target = Path(path)
    check_exclusions(target)
    table = report.exclude(side, weak=weak)
    if target.suffix.lower() == ".parquet":
        with replacing(target) as coming:
            table.write_parquet(coming)
    elif target.suffix.lower() == ".txt":
        lines = (" ".join(key.split()) + "\n" for key in table["key"])
        write_bytes(target, "".join(lines).encode())
    else:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(table.iter_rows())
        write_bytes(target, text.getvalue().encode())
    return table.height


def check_exclusions(path: Path) -> None:
    """Raise `InputError` for a name that `write_exclusions` cannot write."""
    if path.suffix.lower() not in {".csv", ".parquet", ".txt"}:
        raise InputError("cannot write such a list", file=path, expected=".csv, .parquet or .txt")
