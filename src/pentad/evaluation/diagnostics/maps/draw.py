"""Which maps are drawn, and what their files are called."""

from __future__ import annotations

from pathlib import Path

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.diagnostics.maps.overview import draw_by_concept, draw_by_modality
from pentad.evaluation.diagnostics.maps.panels import draw_concept_panels, draw_modality_panels
from pentad.evaluation.diagnostics.maps.points import MapPoints

BY = ("concept", "modality")


def draw_maps(points: MapPoints, folder: Path, by: str | None = None) -> list[Path]:
    """Draw overview and small multiples, and write the places of all items.

    Args:
        points: What to show.
        folder: Where ``map-<method>.parquet`` and the figures ``map-<method>-<by>.svg`` and
            ``map-<method>-<by>-panels.svg`` (and ``.png``) go.
        by: One of `BY`; None draws both, that by concept only where there are concepts.

    Returns:
        The paths written, the table first.

    Raises:
        UnknownName: There is no such way to color.
        InputError: A map by concept is asked for and no item has one.
        MissingExtra: matplotlib is not installed.
        StoreError: A file cannot be written.
    """
    if by is not None and by not in BY:
        raise UnknownName("way to color a map", by, BY)
    classes = points.concepts_by_size()
    if by == "concept" and not classes:
        raise InputError("no item has a concept; draw the map by modality")
    table = folder / f"map-{points.method}.parquet"
    points.save(table)
    written = [table]
    for each in BY if by is None else (by,):
        stem = folder / f"map-{points.method}-{each}"
        panels = folder / f"map-{points.method}-{each}-panels"
        if each == "modality":
            written += draw_by_modality(points, stem) + draw_modality_panels(points, panels)
        elif classes:
            written += draw_by_concept(points, stem) + draw_concept_panels(points, panels)
    return written
