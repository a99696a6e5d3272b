"""Hubs of a space: how unevenly the items of each modality are found by queries of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.mixed import Mixed
from pentad.evaluation.diagnostics.space import Space
from pentad.neighbors.hubs import HubReport, hub_report

K = 10
TOP = 5


@dataclass(frozen=True)
class Hubs:
    """How often the items of one modality are found by queries of another, or of the same.

    Attributes:
        query: Modality of the queries.
        corpus: Modality of the items.
        report: The figures; ``top`` names items by their ids.
    """

    query: Modality
    corpus: Modality
    report: HubReport


def hubs_of(space: Space, mixed: Mixed) -> tuple[Hubs, ...]:
    """Return the hubs among the `K` nearest of each modality for the queries of ``mixed``.

    Where a modality has fewer items to find, all of them are neighbors and found equally often.
    """
    found = []
    for corpus, part in mixed.lists.items():
        ids = space[corpus].ids
        report = hub_report(part.ids[:, :K], np.arange(len(ids)), TOP)
        top = tuple((int(ids[row]), count) for row, count in report.top)
        found.append(Hubs(mixed.query, corpus, replace(report, top=top)))
    return tuple(found)
