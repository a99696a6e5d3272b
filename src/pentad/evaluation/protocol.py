"""Which queries there are in each direction, what they search, and what is relevant to them.

| direction | queries | corpus | relevant |
|---|---|---|---|
| text -> m | caption keys of the items of m | all items of m | the items that have this caption |
| m -> text | items of m | caption keys of the items of m | the item's captions |
| m1 -> m2 | items of m1 | all items of m2 | items of the same concept |

Captions that are equal under `caption_key` are one query and one corpus entry, whose vector is that
of the string with the lowest id. There is no m -> m: an item is nothing to be found by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.retrieval import RetrievalTask
from pentad.evaluation.units import unit_codes, units_of_items, units_of_keys

if TYPE_CHECKING:
    from pentad.evaluation.labelled import LabelledVectors


def text_to_items(text: LabelledVectors, items: LabelledVectors) -> RetrievalTask:
    """Return the search for items by caption.

    A query is a distinct caption key of ``items``; all items with that caption are relevant. A key
    for which ``text`` has no vector is left out and counted in ``missing``. The unit is the concept
    that most of the caption's items have, else the captions that hang together by shared items.

    Raises:
        InputError: ``text`` is not text, ``items`` is, or their dimensions differ.
        SpaceMismatch: Both spaces are named and differ.
    """
    links = _link(text, items)
    units = units_of_keys(items.captions, items.concepts)
    return RetrievalTask(
        query=Modality.TEXT,
        corpus=items.modality,
        query_vectors=text.vectors[links.text_rows],
        corpus_vectors=items.vectors,
        relevance=Relevance.from_pairs(
            links.keys, links.items, queries=len(links.names), corpus_size=len(items)
        ),
        queries=np.array(links.names, dtype=object),
        units=unit_codes([units[name] for name in links.names]),
        relevant_by="caption",
        missing=links.missing,
    )


def items_to_text(items: LabelledVectors, text: LabelledVectors) -> RetrievalTask:
    """Return the search for captions by item.

    The corpus is the distinct caption keys of ``items`` for which ``text`` has a vector, not those
    of other modalities; an item's own captions are relevant. The unit is the item's concept, else
    the captions that hang together by shared items.

    Raises:
        InputError: ``text`` is not text, ``items`` is, or their dimensions differ.
        SpaceMismatch: Both spaces are named and differ.
    """
    links = _link(text, items)
    units = units_of_keys(items.captions, items.concepts)
    return RetrievalTask(
        query=items.modality,
        corpus=Modality.TEXT,
        query_vectors=items.vectors,
        corpus_vectors=text.vectors[links.text_rows],
        relevance=Relevance.from_pairs(
            links.items, links.keys, queries=len(items), corpus_size=len(links.names)
        ),
        queries=items.ids,
        units=unit_codes(units_of_items(items.captions, items.concepts, items.ids, units)),
        relevant_by="caption",
    )


def items_to_items(queries: LabelledVectors, corpus: LabelledVectors) -> RetrievalTask:
    """Return the search for items of another modality: those of the same concept are relevant.

    Items without a concept are never relevant; they stay in the corpus, where they can be in the
    way. A query without a concept, or whose concept has no item in the corpus, has nothing
    relevant. The unit is the concept.

    Raises:
        InputError: The modalities are the same, one is text, or the dimensions differ.
        SpaceMismatch: Both spaces are named and differ.
    """
    if queries.modality is corpus.modality or Modality.TEXT in (queries.modality, corpus.modality):
        raise InputError(
            "items are searched from one media modality to another",
            seen=f"{queries.modality} -> {corpus.modality}",
        )
    _check_comparable(queries, corpus)
    code = {
        name: number for number, name in enumerate(sorted(_concepts(queries) | _concepts(corpus)))
    }
    groups = _codes(queries, code)
    return RetrievalTask(
        query=queries.modality,
        corpus=corpus.modality,
        query_vectors=queries.vectors,
        corpus_vectors=corpus.vectors,
        relevance=Relevance.from_groups(groups, _codes(corpus, code)),
        queries=queries.ids,
        units=groups,
        relevant_by="concept",
    )


class _Links(NamedTuple):
    """The captions of some items that have a vector, and which items have them."""

    names: list[str]
    text_rows: NDArray[np.int64]
    keys: NDArray[np.int64]
    items: NDArray[np.int64]
    missing: int


def _link(text: LabelledVectors, items: LabelledVectors) -> _Links:
    if text.modality is not Modality.TEXT or items.modality is Modality.TEXT:
        raise InputError(
            "captions are searched against items of another modality",
            seen=f"{text.modality} and {items.modality}",
        )
    _check_comparable(text, items)
    row_of = {keys[0]: row for row, keys in enumerate(text.captions)}
    used = {key for keys in items.captions for key in keys}
    names = sorted(used & row_of.keys())
    code = {name: number for number, name in enumerate(names)}
    pairs = [(code[k], i) for i, keys in enumerate(items.captions) for k in keys if k in code]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    text_rows = np.array([row_of[name] for name in names], dtype=np.int64)
    return _Links(names, text_rows, table[:, 0], table[:, 1], len(used) - len(names))


def _check_comparable(left: LabelledVectors, right: LabelledVectors) -> None:
    if left.space is not None and right.space is not None and left.space != right.space:
        raise SpaceMismatch(left.space, right.space)
    dims = left.vectors.shape[1], right.vectors.shape[1]
    if dims[0] != dims[1]:
        raise InputError(
            f"{left.modality} and {right.modality} have vectors of other lengths",
            expected=dims[0],
            seen=dims[1],
        )


def _concepts(items: LabelledVectors) -> set[str]:
    return {concept for concept in items.concepts if concept is not None}


def _codes(items: LabelledVectors, code: dict[str, int]) -> NDArray[np.int64]:
    codes = [-1 if concept is None else code[concept] for concept in items.concepts]
    return np.array(codes, dtype=np.int64)
