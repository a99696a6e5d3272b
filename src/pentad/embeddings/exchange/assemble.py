"""What a reader has found becomes `Imported`: ids in ascending order, names beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.imported import Faults, Imported, Wanted
from pentad.embeddings.exchange.keys import Keys
from pentad.embeddings.exchange.rows import reordered, stacked
from pentad.embeddings.ids import as_ids, ascends


def assemble(
    path: Path,
    parts: Sequence[NDArray[Any]],
    keys: Keys,
    wanted: Wanted,
    faults: Faults,
    origin: Mapping[str, object],
) -> Imported:
    """Return what was read; rows keep their order where the layout has no ids.

    Raises:
        InputError: No row is left, or an id is there twice.
    """
    if not len(keys.numbers):
        raise faults.nothing_left(path)
    own = keys.ids
    try:
        ids = as_ids(keys.numbers if own is None else own)
    except InputError as error:
        raise InputError(str(error), file=path, column=wanted.key) from None
    vectors, names = stacked(parts), keys.names
    if not ascends(ids):
        order = np.argsort(ids, kind="stable")
        vectors, ids = reordered(vectors, order), ids[order]
        names = None if names is None else [names[row] for row in order.tolist()]
    embeddings = Embeddings(vectors, ids, wanted.modality, wanted.space)
    return Imported(embeddings, names, faults.found, own is not None, {"exact": True, **origin})
