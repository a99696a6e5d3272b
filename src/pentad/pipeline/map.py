"""`map_workspace`: the items of a workspace in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.evaluation.diagnostics.figure import require_matplotlib
from pentad.evaluation.diagnostics.maps.draw import draw_maps
from pentad.evaluation.diagnostics.maps.project import map_points
from pentad.evaluation.diagnostics.space import as_space
from pentad.pipeline.placed_labels import workspace_vectors
from pentad.store.outputs import output_folder

MAPS = "reports/map"


@dataclass(frozen=True)
class Mapped:
    """What became of a map.

    Attributes:
        space: The space that is shown.
        method: ``pca`` or ``umap``.
        shown: How many items are on the map.
        items: How many there are.
        files: What was written, the table of places first.
    """

    space: str
    method: str
    shown: int
    items: int
    files: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "space": self.space,
            "method": self.method,
            "shown": self.shown,
            "items": self.items,
            "files": [str(path) for path in self.files],
        }


def map_workspace(
    workspace: str | Path,
    *,
    model: str | None = None,
    space: str | None = None,
    by: str | None = None,
    method: str = "pca",
    out: str | Path | None = None,
    most: int = 5000,
    seed: int = 0,
) -> Mapped:
    """Draw maps of everything that a workspace has vectors of, and write the places as Parquet.

    Args:
        workspace: Folder of the workspace.
        model: A saved model; default the final one.
        space: A space in ``embeddings/`` instead of a model.
        by: ``concept`` or ``modality``; default both, as far as there are concepts.
        method: ``pca`` or ``umap``.
        out: Folder for the files; default ``reports/map`` of the workspace.
        most: Items; more are sampled.
        seed: Of the sample and of UMAP.

    Raises:
        StoreError: There is no workspace, no model or no vector, or a file cannot be written.
        UnknownName: There is no such model, space, method or way to color.
        MissingExtra: matplotlib or, for UMAP, umap-learn is not installed.
        InputError: Both a model and a space are named, ``out`` is a file, or there is too
            little to show.
    """
    require_matplotlib("map")
    folder = output_folder(Path(workspace) / MAPS if out is None else out)
    name, vectors = workspace_vectors(workspace, model=model, space=space)
    points = map_points(as_space(vectors), method, most=most, seed=seed)
    files = draw_maps(points, folder, by)
    return Mapped(name, method, len(points), points.of, tuple(files))
