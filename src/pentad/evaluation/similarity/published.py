"""Results in the files that the published program writes.

micro_mAP@15.txt, balanced_mAP@15.txt          one number each; balanced is macro
labels_mAP@15.csv: label,map@15,n_relevant     best first
families_mAP@15.csv: family,map
micro_MR1.txt, balanced_MR1.txt
labels_MR1.csv: label,MR1,n_relevant           smallest first
families_MR1.csv: family,mr1
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from pentad.core.errors import InputError
from pentad.evaluation.intervals import Interval
from pentad.evaluation.metrics.grammar import Metric
from pentad.evaluation.similarity.averages import Averages
from pentad.evaluation.similarity.report import SimilarityReport
from pentad.store.atomic import write_bytes


def write_published(report: SimilarityReport, folder: str | Path) -> list[str]:
    """Write the files of every ``map@N`` and of ``mr1``; return their names.

    Other metrics have no such files. What is not defined is left out of the tables; a mean that is
    not defined has no file, and there is none of families without families. A file that an earlier
    call has left in such a place is removed.

    Raises:
        InputError: The folder is a file.
    """
    root = Path(folder)
    if root.exists() and not root.is_dir():
        raise InputError("is a file, where a folder is to be written", file=root)
    written = []
    for metric, found in report.averages.items():
        for name, text in _files(metric, found).items():
            if text:
                write_bytes(root / name, text.encode())
                written.append(name)
            else:
                (root / name).unlink(missing_ok=True)
    return written


def _files(metric: Metric, found: Averages) -> dict[str, str]:
    """Return name -> content; no content where there is nothing to say."""
    if metric.name == "mr1":
        return _named("MR1", ("label", "MR1", "n_relevant"), ("family", "mr1"), found, best=False)
    if metric.name == "map" and metric.k is not None:
        columns = ("label", f"map@{metric.k}", "n_relevant")
        return _named(f"mAP@{metric.k}", columns, ("family", "map"), found, best=True)
    return {}


def _named(
    name: str,
    label_columns: Sequence[str],
    family_columns: Sequence[str],
    found: Averages,
    *,
    best: bool,
) -> dict[str, str]:
    labels = [
        (label, value, found.clips[label]) for label, value in _ordered(found.classes, best=best)
    ]
    families = _ordered(found.families, best=best)
    return {
        f"micro_{name}.txt": "" if found.micro is None else str(found.micro.value),
        f"balanced_{name}.txt": "" if found.macro is None else str(found.macro.value),
        f"labels_{name}.csv": _table(label_columns, labels),
        f"families_{name}.csv": _table(family_columns, families) if found.families else "",
    }


def _ordered(values: Mapping[str, Interval | None], *, best: bool) -> list[tuple[str, float]]:
    known = [(name, each.value) for name, each in values.items() if each is not None]
    return sorted(known, key=lambda pair: -pair[1] if best else pair[1])


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
