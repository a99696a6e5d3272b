"""Several models beside one another: of the grid of each, one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pentad.core.errors import InputError
from pentad.evaluation.metrics.grammar import parse_metric

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """A model and the cell of its grid that stands for it.

    Attributes:
        name: For people.
        result: The cell, as the grid has written it.
    """

    name: str
    result: Result

    @property
    def way(self) -> str:
        """How its vectors are prepared and searched, for people."""
        recipe = self.result["recipe"]
        pca = "no PCA" if recipe["pca"] < 0 else f"PCA {recipe['pca']}"
        unit = ", unit length" if recipe["normalize"] else ""
        return f"{recipe['aggregate']}, {pca}{unit}, {self.result['search']}"

    def value(self, metric: str, kind: str) -> float | None:
        """Return a mean, such as ``micro``."""
        found: float | None = self.result["scores"][metric][kind]
        return found

    def ends(self, metric: str, kind: str) -> Sequence[float] | None:
        """Return the interval of a mean."""
        found: Sequence[float] | None = self.result["scores"][metric]["interval"][kind]
        return found

    def family(self, metric: str, name: str) -> float | None:
        """Return the mean of a family; None where it has none."""
        found: float | None = self.result["scores"][metric]["family"].get(name)
        return found


@dataclass(frozen=True)
class Wanted:
    """Which cells of a grid can stand for a model; None: any.

    Attributes:
        aggregate: Way to make one vector of frames.
        pca: Components; -1 for none.
        normalize: Whether vectors have length 1 in the end.
        search: How close two vectors are.
    """

    aggregate: str | None = None
    pca: int | None = None
    normalize: bool | None = None
    search: str | None = None

    def allows(self, result: Result) -> bool:
        """Return whether a cell is of this kind."""
        recipe = result["recipe"]
        cell = (recipe["aggregate"], recipe["pca"], recipe["normalize"], result["search"])
        asked = (self.aggregate, self.pca, self.normalize, self.search)
        return all(want in (None, own) for want, own in zip(asked, cell, strict=True))


def choose_model(
    name: str, results: Sequence[Result], metric: str, wanted: Wanted | None = None
) -> Model:
    """Return a model with its best cell, by the macro mean.

    Args:
        name: Of the model.
        results: All cells of its grid.
        metric: What is best.
        wanted: Which cells are looked at; None for all.

    Raises:
        InputError: No cell is of the wanted kind, or none has such a mean.
    """
    allowed = [r for r in results if wanted is None or wanted.allows(r)]
    if not allowed:
        raise InputError(f"no cell of the grid of {name!r} is of the wanted kind")
    known = [r for r in allowed if metric in r["scores"]]
    if not known:
        there = ", ".join(allowed[0]["scores"])
        raise InputError(f"the grid of {name!r} has no {metric}", expected=there)
    sign = -1 if parse_metric(metric).spec.higher else 1
    defined = [r for r in known if r["scores"][metric]["macro"] is not None]
    if not defined:
        raise InputError(f"no cell of the grid of {name!r} has a macro mean of {metric}")
    return Model(name, min(defined, key=lambda r: sign * float(r["scores"][metric]["macro"])))


def shared_metrics(models: Sequence[Model], asked: Sequence[str]) -> list[str]:
    """Return the metrics to show: those asked for, or those that all models have.

    Raises:
        InputError: A model lacks one, none is common, or models were judged by several definitions.
    """
    kinds = {model.result["compat"] for model in models}
    if len(kinds) > 1:
        raise InputError("grids of several definitions", expected="all with or without --compat")
    for metric in asked:
        lacking = [m for m in models if metric not in m.result["scores"]]
        if lacking:
            there = ", ".join(lacking[0].result["scores"])
            raise InputError(f"the grid of {lacking[0].name!r} has no {metric}", expected=there)
    first, *others = (model.result["scores"] for model in models)
    found = list(asked) or [name for name in first if all(name in other for other in others)]
    if not found:
        raise InputError("the grids have no metric in common")
    return found


def family_names(models: Sequence[Model], metric: str) -> list[str]:
    """Return the families that any model has a value of, in the order of the first that has it."""
    names = dict.fromkeys(
        name
        for model in models
        for name, value in model.result["scores"][metric]["family"].items()
        if value is not None
    )
    return list(names)


def model_rows(models: Sequence[Model], metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row a model and metric: how it is prepared, its means and those of families."""
    rows = []
    for model in models:
        for metric in metrics:
            row: dict[str, Any] = {
                "model": model.name,
                "variant": model.result["variant"],
                "search": model.result["search"],
                "dim": model.result["dim"],
                "items": model.result["items"],
                "metric": metric,
            }
            for kind in ("micro", "macro"):
                low, high = model.ends(metric, kind) or (None, None)
                row |= {kind: model.value(metric, kind), f"{kind}_low": low, f"{kind}_high": high}
            for each in metrics:
                row |= {f"family {name}": None for name in family_names(models, each)}
            row |= {
                f"family {name}": model.family(metric, name)
                for name in family_names(models, metric)
            }
            rows.append(row)
    return rows
