"""Several grids as one table and as figures: each model by one cell of its grid."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.similarity.drawing import save
from pentad.evaluation.similarity.model_figures import model_figures
from pentad.evaluation.similarity.models import (
    Model,
    Wanted,
    choose_model,
    model_rows,
    shared_metrics,
)
from pentad.store.atomic import replacing

_RESULTS = "results.json"
_NEEDED = {"variant", "recipe", "search", "dim", "items", "compat", "scores"}
_log = logging.getLogger(__name__)


def compare_grids(
    grids: Sequence[str],
    out: str | Path,
    *,
    metrics: Sequence[str] = (),
    wanted: Wanted | None = None,
) -> tuple[list[Model], list[str]]:
    """Write models.csv and the figures of several grids; without matplotlib there are no figures.

    Args:
        grids: Folders of grids, ``NAME=FOLDER`` or a folder whose name is that of the model, in the
            order in which they are shown.
        out: The folder to write.
        metrics: What is shown, the first decides which cell of a grid is best; default all that
            the grids have in common.
        wanted: Which cells can stand for a model; None for all.

    Returns:
        The models, and the names of the files.

    Raises:
        InputError: A folder has no grid, or the grids cannot be compared.
    """
    import polars as pl

    root = Path(out)
    if root.exists() and not root.is_dir():
        raise InputError("is a file, where a folder is to be written", file=root)
    asked = [str(metric) for metric in parse_metrics(metrics)] if metrics else []
    found = {name: read_grid(folder) for name, folder in _named(grids)}
    first = asked[0] if asked else next(iter(next(iter(found.values()))[0]["scores"]), "map@15")
    models = [choose_model(name, cells, first, wanted) for name, cells in found.items()]
    shown = shared_metrics(models, asked)
    _tell(models, shown)
    table = pl.DataFrame(model_rows(models, shown), infer_schema_length=None)
    with replacing(root / "models.csv") as coming:
        table.write_csv(coming)
    if find_spec("matplotlib") is None:
        _log.warning("no figures: pip install 'pentad[figures]'")
        return models, ["models.csv"]
    written = ["models.csv"]
    for name, figure in model_figures(models, shown).items():
        written.append(f"{name.replace('@', '-at-')}.svg")
        save(figure, root / written[-1])
    return models, written


def read_grid(folder: str | Path) -> list[dict[str, Any]]:
    """Return the cells that a grid has written.

    Raises:
        InputError: There is no grid, or its file is damaged.
    """
    file = Path(folder) / _RESULTS
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON ({error})", file=file) from None
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise InputError(f"{why}; name the folder of 'pentad similarity grid'", file=file) from None
    cells = found if isinstance(found, list) else []
    if not cells or not all(isinstance(each, dict) and each.keys() >= _NEEDED for each in cells):
        raise InputError("holds no grid; run 'pentad similarity grid' again", file=file)
    return cells


def _named(grids: Sequence[str]) -> list[tuple[str, Path]]:
    """Return name and folder of each grid."""
    pairs = []
    for grid in grids:
        name, equals, folder = grid.partition("=")
        if equals and name and not Path(grid).exists():
            pairs.append((name, Path(folder)))
        else:
            pairs.append((Path(grid).resolve().name, Path(grid)))
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise InputError(f"two grids are called {twice[0]!r}", expected="NAME=FOLDER")
    return pairs


def _tell(models: Sequence[Model], metrics: Sequence[str]) -> None:
    """Say where models were not judged on the same items or classes."""
    items = {model.name: model.result["items"] for model in models}
    if len(set(items.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in items.items())
        _log.warning("the grids have different numbers of items: %s", told)
    classes = {frozenset(model.result["scores"][metrics[0]]["class"]) for model in models}
    if len(classes) > 1:
        _log.warning("the grids have different classes")
