"""Results of grids as they are written, made up."""

from __future__ import annotations

from typing import Any

FAMILIES = ("Animal", "Human_sounds", "Music", "Natural_sounds", "Sounds_of_things", "Ambiguous")


def score(value: float | None, classes: int = 3, families: int = 2) -> dict[str, Any]:
    """Return what a cell says of one metric; means of classes and families lie around it."""
    means = {f"class_{n}": None if value is None else value + n / 100 for n in range(classes)}
    kinds = dict.fromkeys(FAMILIES[:families], None if value is None else value / 2)

    def ends(each: float | None) -> list[float] | None:
        return None if each is None else [each * 0.9, each * 1.1]

    return {
        "micro": value,
        "macro": value,
        "class": means,
        "family": kinds,
        "interval": {
            "micro": ends(value),
            "macro": ends(value),
            "class": {name: ends(each) for name, each in means.items()},
            "family": {name: ends(each) for name, each in kinds.items()},
        },
        "n": {"queries": 10, "left_out": 0, "class": dict.fromkeys(means, 4)},
    }


def cell(
    scores: dict[str, Any],
    *,
    aggregate: str = "mean",
    pca: int = 100,
    normalize: bool = False,
    search: str = "cosine",
    compat: str = "none",
    items: int = 10,
) -> dict[str, Any]:
    """Return one cell."""
    return {
        "variant": f"Agg_{aggregate}-PCA_{pca}-Norm_{normalize}",
        "recipe": {"aggregate": aggregate, "pca": pca, "normalize": normalize},
        "search": search,
        "dim": abs(pca),
        "items": items,
        "compat": compat,
        "scores": scores,
        "cpu_seconds": 0.5,
    }


def grid(best: float, **more: Any) -> list[dict[str, Any]]:
    """Return nine cells; the best is that of PCA 100 by cosine."""
    return [
        cell(
            {
                "map@15": score(best - 0.01 * place, **more),
                "map@150": score(best / 2 - 0.01 * place, **more),
                "mr1": score(9 - best + place, **more),
            },
            pca=pca,
            search=search,
        )
        for place, (pca, search) in enumerate(
            (pca, search) for pca in (100, 200, -1) for search in ("cosine", "dot", "euclidean")
        )
    ]
