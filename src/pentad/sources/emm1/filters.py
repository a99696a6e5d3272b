"""Which items may be in a row: by licence, by source, and by whether their file is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from pentad.core.errors import InputError, UnknownName
from pentad.core.licenses import license_matches
from pentad.core.modality import Modality
from pentad.sources.emm1.items import Bools, ItemTable
from pentad.sources.emm1.media_paths import MediaFolders

Keep = Callable[[ItemTable], Bools]


def item_filters(
    tables: Callable[[Modality], ItemTable],
    modalities: Sequence[Modality],
    *,
    licenses: Collection[str] | None,
    sources: Collection[str] | None,
    media: MediaFolders | None,
) -> dict[Modality, Keep]:
    """Return for each modality which of its items may be in a row; none where all may.

    A licence has to be one of those named, for every modality. A source restricts the modalities
    that have it: ``COCO`` says which images are wanted and leaves the sounds alone.

    Args:
        tables: Gives the items of a modality.
        modalities: Those in question; captions are judged only where text is one of them.
        licenses: As written in the tables, or a family such as ``CC-BY``.
        sources: Values of ``source_dataset``.
        media: Where files must be, or None.

    Raises:
        UnknownName: A source or licence that no item has.
        InputError: A table lacks the column.
    """
    restricted = _by_source(tables, modalities, sources) if sources else set()
    if licenses:
        _check_licenses(tables, modalities, licenses)
    filters: dict[Modality, Keep] = {}
    for modality in modalities:
        places = media if modality is not Modality.TEXT else None
        wanted = sources if modality in restricted else None
        if licenses or wanted or places:
            filters[modality] = _keep(licenses, wanted, places)
    return filters


def _keep(
    licenses: Collection[str] | None,
    sources: Collection[str] | None,
    media: MediaFolders | None,
) -> Keep:
    def keep(table: ItemTable) -> Bools:
        mask = np.ones(len(table), dtype=np.bool_)
        if licenses:
            mask &= table.fact("dataset_license").mask(lambda text: _licensed(text, licenses))
        if sources:
            mask &= table.fact("source_dataset").mask(lambda name: same_source(name, sources))
        return mask & table.present(media) if media is not None else mask

    return keep


def _by_source(
    tables: Callable[[Modality], ItemTable],
    modalities: Sequence[Modality],
    sources: Collection[str],
) -> set[Modality]:
    names = {m: tables(m).fact("source_dataset").names for m in modalities}
    for source in sources:
        if not any(same_source(name, [source]) for known in names.values() for name in known):
            there = {n for known in names.values() for n in known}
            raise UnknownName("source", source, there, listing="pentad emm1 report ROOT")
    return {m for m, known in names.items() if any(same_source(n, sources) for n in known)}


def _check_licenses(
    tables: Callable[[Modality], ItemTable],
    modalities: Sequence[Modality],
    licenses: Collection[str],
) -> None:
    known = {n for m in modalities for n in tables(m).fact("dataset_license").names}
    for wanted in licenses:
        if not any(license_matches(name, wanted) for name in known):
            raise UnknownName("licence", wanted, known, listing="pentad emm1 report ROOT")


def _licensed(text: str, licenses: Collection[str]) -> bool:
    return any(license_matches(text, wanted) for wanted in licenses)


def same_source(name: str, sources: Collection[str]) -> bool:
    """Return whether a source is one of those named, in whichever case."""
    return any(name.casefold() == source.casefold() for source in sources)


def require_modalities(given: Sequence[Modality], there: Collection[Modality]) -> None:
    """Raise where a modality has no column.

    Raises:
        InputError: It has none; what there is is told.
    """
    for modality in given:
        if modality not in there:
            raise InputError(f"there is no {modality} here", expected=", ".join(there))
