"""What the four files of EShot have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.modality import Modality
from pentad.sources.emm1.eshot_categories import load_categories
from pentad.sources.emm1.eshot_tables import ID_COLUMNS, read_info
from pentad.sources.emm1.id_counter import IdCounter


def eshot_facts(path: Path, modality: Modality) -> dict[str, Any]:
    """Return rows and ids of an info table."""
    frame = read_info(path.parent, modality)
    key = ID_COLUMNS[modality]
    ids = IdCounter()
    ids.add(frame[key].to_numpy().astype(np.uint32))
    folders = frame["save_folder"].value_counts().sort("save_folder").iter_rows()
    return {"rows": frame.height, "ids": {key: ids.facts()}, "save_folders": dict(folders)}


def category_facts(path: Path) -> dict[str, Any]:
    """Return how many categories a file has, and how many items they name."""
    found = load_categories(path)
    items = sum(len(ids) for ids in found.values() if isinstance(ids, list))
    return {"rows": items, "categories": len(found), "ids": {}}
