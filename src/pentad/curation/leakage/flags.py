"""Which items of an evaluation a report speaks of, so that scores can be given a flag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality, as_modality
from pentad.curation.leakage.report import LeakageReport


def leaks_of(report: LeakageReport, *, weak: bool = False) -> dict[Modality, set[str]]:
    """Return the keys of the evaluation items that leaked: files by their path, captions as such.

    Args:
        report: What was found.
        weak: Also items of which only the name of the file is the same.

    Returns:
        Modality -> keys, for the modalities that the evaluation set has.
    """
    found: dict[Modality, set[str]] = {Modality(m): set() for m in report.items["eval"]}
    for modality, key in report.exclude("eval", weak=weak).select("modality", "key").iter_rows():
        found[Modality(modality)].add(key)
    return found


def flag(
    leaked: LeakageReport | Mapping[Modality, set[str]], modality: str, keys: Iterable[str]
) -> NDArray[np.bool_]:
    """Return whether each item leaked, bool (keys,).

    Args:
        leaked: A report, or what `leaks_of` made of it.
        modality: What the items are.
        keys: Their keys: files relative to their source, or captions.
    """
    found = leaks_of(leaked) if isinstance(leaked, LeakageReport) else leaked
    known = found.get(as_modality(modality), set())
    return np.array([key in known for key in keys], dtype=np.bool_)
