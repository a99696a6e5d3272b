"""The data card of groups, ``groups/<name>/README.md``, and of a workspace, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pentad.core.modality import Modality
from pentad.groups.groups import Groups
from pentad.pipeline.card_facts import card_facts
from pentad.pipeline.models import model_names, saved_space
from pentad.publish.attribution import flags, license_link
from pentad.publish.markdown import escape, table
from pentad.store.items import Catalog
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace

_REASONS = {
    "too_few_candidates": "too few candidates",
    "below_threshold": "candidates below the least score",
    "max_uses": "candidates used up",
}


def groups_card(
    groups: Groups,
    catalog: Catalog,
    *,
    name: str = "default",
    rejections: Sequence[Rejection] | None = None,
    encoders: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
) -> str:
    """Return the text of a README for groups; the same input gives the same text.

    Args:
        groups: What is described.
        catalog: The items behind the ids.
        name: What the groups are called.
        rejections: Everything refused; default what the catalog knows of.
        encoders: Names of the encoders by modality; default what the groups say.
        seed: Which complete group is shown.
    """
    facts = card_facts(catalog, groups, rejections=rejections, encoders=encoders, seed=seed)
    return card_text(f"Groups: {name}", facts)


def workspace_card(workspace: str | Path, *, groups: str = "default", seed: int = 0) -> str:
    """Return the same of a workspace, with its groups of that name where there are some.

    Raises:
        StoreError: There is no workspace, or it is damaged.
    """
    opened = Workspace.open(workspace)
    folder = opened.root / "groups" / groups
    there = Groups.load(folder) if (folder / "manifest.json").exists() else None
    told = {} if there is None else there.manifest.get("encoders", {})
    facts = card_facts(
        opened.catalog(),
        there,
        rejections=opened.rejections(),
        encoders=told or _embedded(opened),
        seed=seed,
    )
    return card_text(opened.name, facts)


def card_text(title: str, facts: Mapping[str, Any]) -> str:
    """Return what `card_facts` gave as Markdown. Texts of the sources are escaped."""
    parts = [f"# {escape(title)}\n", _items(facts["items"]), _refused(facts["refused"])]
    if facts["encoders"]:
        parts.append(_encoders(facts))
    if "groups" in facts:
        parts += [_groups(facts), _short(facts["short"]), _connections(facts["connections"])]
        parts.append(_sample(facts["sample"]))
    return "\n".join(part for part in parts if part)


def _items(rows: Sequence[Mapping[str, Any]]) -> str:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["modality"]] = totals.get(row["modality"], 0) + row["items"]
    total = ", ".join(f"{count} {_plural(m)}" for m, count in totals.items()) or "Nothing yet"
    cells = (
        (
            row["modality"],
            escape(row["source"]) or "(not said)",
            license_link(row["license"]),
            flags(row["license"]),
            row["items"],
        )
        for row in rows
    )
    header = ("modality", "source", "license", "it asks", "items")
    listed = f"\n{table(header, cells)}" if rows else ""
    return f"## Captions and items\n\n{total}.\n{listed}"


def _plural(modality: str) -> str:
    return "captions" if modality == Modality.TEXT else f"{modality} items"


def _refused(refused: Mapping[str, int]) -> str:
    if not refused:
        return "Nothing was refused.\n"
    return "## Refused\n\n" + table(("reason", "count"), refused.items())


def _encoders(facts: Mapping[str, Any]) -> str:
    searches = facts.get("search", {})
    named = facts["encoders"]
    rows = (
        (m.value, escape(", ".join(named[m])), _search(searches.get(m)))
        for m in Modality
        if m in named
    )
    return "## Encoders\n\n" + table(("modality", "encoder", "search"), rows)


def _search(how: Mapping[str, Any] | None) -> str:
    """Return the backend, its recall with the interval where it was measured, and the hubs."""
    if not how:
        return ""
    parts = [str(how.get("backend", "(not said)"))]
    if "recall" in how:
        span = f" ({how['low']:.4f} to {how['high']:.4f})" if "low" in how else ""
        parts.append(f"recall {_number(how['recall'])}{span}")
    if how.get("hubness", "none") != "none":
        parts.append(f"hubness {how['hubness']}")
    native = how.get("native")
    if isinstance(native, Mapping):
        parts.append(f"native {native.get('treatment')}, {native.get('found')} found")
    return escape(", ".join(parts))


def _groups(facts: Mapping[str, Any]) -> str:
    groups, limits, compose = facts["groups"], facts["limits"], facts["compose"]
    rows = [
        ("modalities", ", ".join(groups["modalities"])),
        ("groups a caption", groups["k"]),
        *(
            (name, groups[name])
            for name in ("captions", "groups", "complete", "empty")
            if name in groups
        ),
        ("an item is used at most", _limit(limits["max_uses"], "any number of times", " times")),
        ("least score", _limit(limits["threshold"], "none")),
        ("limits kept by", _limit(_same(limits["method"]), "nothing to keep")),
        ("put together by", compose.get("how", "rank")),
    ]
    if compose.get("agreement") is not None:
        rows += [
            ("mean agreement by rank", _number(compose["agreement_by_rank"])),
            ("mean agreement", _number(compose["agreement"])),
        ]
    return "## Groups\n\n" + table(
        ("what", "value"), ((name, escape(str(value))) for name, value in rows)
    )


def _short(short: Mapping[str, Any]) -> str:
    rows = [
        (m, _REASONS.get(reason, reason), count, by["places"][reason])
        for m, by in short.items()
        for reason, count in by["captions"].items()
        if count or by["places"][reason]
    ]
    if not rows:
        return ""
    header = ("modality", "reason", "captions", "places")
    return "## Captions left short\n\n" + table(header, rows)


def _connections(found: Mapping[str, Any]) -> str:
    note = "Pairs of members over all groups; the caption is a member of its groups.\n\n"
    rows = (*found["pairs"].items(), ("all", found["total"]))
    return f"## Pairwise connections\n\n{note}" + table(("modalities", "pairs"), rows)


def _sample(sample: Mapping[str, Any] | None) -> str:
    if sample is None:
        return "## A group\n\nNo group has an item of every modality.\n"
    rows = [(Modality.TEXT.value, escape(sample["caption"]), "", "")]
    for item in sample["items"]:
        own = "; ".join(escape(caption) for caption in item["captions"])
        more = f" and {item['more_captions']} more" if item["more_captions"] else ""
        score = "" if item["score"] is None else _number(item["score"])
        rows.append((item["modality"], escape(item["file"]), score, own + more))
    agreement = sample.get("agreement")
    alike = "" if agreement is None else f", agreement {_number(agreement)}"
    intro = f"Drawn at random: caption {sample['text_id']}, rank {sample['rank']}{alike}.\n\n"
    header = ("member", "caption or file", "score", "its own captions")
    return f"## A group\n\n{intro}" + table(header, rows)


def _limit(value: Any, without: str, unit: str = "") -> str:
    if value is None or value == {}:
        return without
    if isinstance(value, Mapping):
        return ", ".join(f"{m} {_limit(one, without)}" for m, one in value.items())
    return f"{value}{unit}"


def _same(by_modality: Mapping[str, Any]) -> Any:
    """Return the methods by modality, one where all have the same; the first fit is no method."""
    methods = {m: None if how == "first" else how for m, how in by_modality.items()}
    different = set(methods.values())
    return different.pop() if len(different) == 1 else methods


def _number(value: float) -> str:
    return f"{value:.4f}"


def _embedded(opened: Workspace) -> dict[str, list[str]]:
    """Return the spaces of each modality's vectors in the workspace, those of models left out."""
    of_models = {saved_space(opened.root / "models" / name) for name in model_names(opened)}
    found: dict[str, list[str]] = {}
    for modality in Modality:
        folders = sorted(opened.root.glob(f"embeddings/*/{modality}"))
        spaces = [p.parent.name for p in folders if p.parent.name not in of_models]
        if spaces:
            found[modality.value] = spaces
    return found
