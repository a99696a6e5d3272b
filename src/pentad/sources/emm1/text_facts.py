"""Source and licence of captions, without the captions themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pentad.core.modality import Modality
from pentad.sources.emm1.csv_table import header_of, read_table
from pentad.sources.emm1.items import FACTS, ItemTable, Labels, first_rows, labels_of, require_ids

_OWN = "encord_text_id"


def read_text_facts(path: Path) -> ItemTable:
    """Read ids, sources and licences of ``infos/text.csv`` as an item table without files.

    Raises:
        InputError: The table cannot be read.
    """
    import pyarrow as pa

    facts = [name for name in FACTS if name in header_of(path)]
    table = read_table(path, {_OWN: "id", **dict.fromkeys(facts, "label")})
    require_ids(path, _OWN, table.column(0))
    ids = table.column(0).to_numpy()
    keep = first_rows(path, _OWN, ids)
    if keep is not None:
        table, ids = table.take(keep), ids[keep]
    labels = {name: labels_of(path, name, table.column(name)) for name in facts}
    nowhere = Labels(np.zeros(len(ids), np.uint16), ("",))
    return ItemTable(Modality.TEXT, path, ids, pa.nulls(len(ids), pa.string()), nowhere, labels)
