"""What a data card says, as plain values: what there is, of whom, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.groups.groups import Groups
from pentad.store.items import Catalog, Items
from pentad.store.rejections import Rejection

_ORIGIN = ("source_dataset", "dataset_license")
_SHOWN_CAPTIONS = 3
_SLICE = 1 << 16


def card_facts(
    catalog: Catalog,
    groups: Groups | None = None,
    *,
    rejections: Sequence[Rejection] | None = None,
    encoders: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what a card says.

    Args:
        catalog: The items behind the groups.
        groups: The groups; None where there are none yet.
        rejections: Everything refused; default what the catalog knows of.
        encoders: Names of the encoders by modality; default what the groups say.
        seed: Which complete group is shown.

    Returns:
        ``items`` (modality, source, license, items), ``refused`` (by reason), ``encoders`` and,
        where there are groups, ``groups``, ``limits``, ``compose``, ``short``, ``connections`` and
        ``sample``.
    """
    refused = catalog.rejections if rejections is None else rejections
    named = encoders if encoders is not None else _of_groups(groups, "encoders")
    facts: dict[str, Any] = {
        "items": [row for m in catalog.modalities for row in _origins(catalog.items(m))],
        "refused": _refused(refused),
        "encoders": {str(m): list(names) for m, names in named.items()},
    }
    if groups is None:
        return facts
    counted, manifest = groups.manifest.get("counts", {}), groups.manifest
    return facts | {
        "groups": {
            "modalities": [m.value for m in groups.modalities],
            "k": groups.k,
            **{n: counted[n] for n in ("captions", "groups", "complete", "empty") if n in counted},
        },
        "limits": {name: manifest.get(name) for name in ("max_uses", "threshold")}
        | {"method": {m: how.get("method") for m, how in manifest.get("assignment", {}).items()}},
        "search": dict(manifest.get("search", {})),
        "compose": dict(manifest.get("compose", {})),
        "short": dict(counted.get("short", {})),
        "connections": connections(groups),
        "sample": _sample(catalog, groups, seed),
    }


def card_fingerprint(catalog: Catalog, rejections: Sequence[Rejection] | None = None) -> str:
    """Return 64 hex digits over what a card says of items; a change makes a written card old.

    Sources, licenses and names of files are not in `Catalog.fingerprint`.
    """
    refused = catalog.rejections if rejections is None else rejections
    parts: list[Any] = [_refused(refused)]
    for modality in catalog.modalities:
        frame = catalog.items(modality).frame
        names = [n for n in ("source", "file", *_ORIGIN) if n in frame.columns]
        slices = frame.select(names).iter_slices(_SLICE)
        parts.append([modality.value, *(fingerprint_value(part.rows()) for part in slices)])
    return fingerprint_value(parts)


def connections(groups: Groups) -> dict[str, Any]:
    """Count pairs of members over all groups, the caption being one: ten for a complete group of 5.

    Returns:
        ``total``, and ``pairs``: how many of each two modalities.
    """
    import polars as pl

    members = (Modality.TEXT, *groups.modalities)
    both = [
        (pl.col(left.id_column).is_not_null() & pl.col(right.id_column).is_not_null())
        .sum()
        .alias(f"{left}-{right}")
        for left, right in combinations(members, 2)
    ]
    pairs = {
        name: int(count) for name, count in groups.table.select(both).row(0, named=True).items()
    }
    return {"total": sum(pairs.values()), "pairs": pairs}


def _of_groups(groups: Groups | None, name: str) -> Mapping[str, Any]:
    return {} if groups is None else groups.manifest.get(name, {})


def _origins(items: Items) -> list[dict[str, Any]]:
    """Return a row for each source and license, in that order; null and empty are the same."""
    import polars as pl

    named = items.frame.select(pl.col(name).fill_null("") for name in _ORIGIN)
    rows = named.group_by(_ORIGIN).len().sort(_ORIGIN)
    return [
        {"modality": items.modality.value, "source": source, "license": text, "items": count}
        for source, text, count in rows.iter_rows()
    ]


def _refused(rejections: Sequence[Rejection]) -> dict[str, int]:
    counted = Counter(r.reason.value for r in rejections)
    return dict(sorted(counted.items(), key=lambda entry: (-entry[1], entry[0])))


def _sample(catalog: Catalog, groups: Groups, seed: int) -> dict[str, Any] | None:
    """Return one complete group drawn from the seed, or None where there is none."""
    import polars as pl

    wanted = pl.all_horizontal(pl.col(m.id_column).is_not_null() for m in groups.modalities)
    complete = groups.table.select(wanted.arg_true().alias("row")).to_series()
    if not len(complete):
        return None
    draw = int(generator(seed, "card-sample").integers(len(complete)))
    row = groups.table.row(int(complete[draw]), named=True)
    captions = _captions(catalog, [row["text_id"]])
    return {
        "text_id": row["text_id"],
        "rank": row["rank"],
        "caption": captions[0] if captions else "",
        "items": [_item(catalog, m, row) for m in groups.modalities],
        **({"agreement": row["agreement"]} if "agreement" in row else {}),
    }


def _item(catalog: Catalog, modality: Modality, row: Mapping[str, Any]) -> dict[str, Any]:
    number = row[modality.id_column]
    found = catalog.items(modality).take([number]).frame
    pairs = catalog.pairs.of(modality)
    own = sorted(pairs[pairs[:, 1] == number, 0].tolist())
    file = str(found["file"][0]) if found.height else ""
    # A path of this machine is nobody else's concern.
    place = PurePosixPath(file)
    return {
        "modality": modality.value,
        "id": number,
        "file": place.name if place.is_absolute() else file,
        "score": row.get(f"{modality}_score"),
        "captions": _captions(catalog, own[:_SHOWN_CAPTIONS]),
        "more_captions": max(0, len(own) - _SHOWN_CAPTIONS),
    }


def _captions(catalog: Catalog, ids: Sequence[int]) -> list[str]:
    return catalog.items(Modality.TEXT).take(list(ids)).captions
