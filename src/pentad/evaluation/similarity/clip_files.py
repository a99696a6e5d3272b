"""Prepared vectors as the published program keeps them: one JSON file an item, in float64.

<name>.json: {"audio_path": "<name>", "embeddings": [0.12, ...]}
"""

from __future__ import annotations

import json
from pathlib import Path

from pentad.core.errors import InputError
from pentad.embeddings.exchange.output import IfExists, writing_folder
from pentad.evaluation.similarity.named import NamedVectors

_LONGEST = 250


def write_clips(vectors: NamedVectors, folder: str | Path) -> None:
    """Write one file an item; all of them appear, or none.

    Args:
        vectors: Each is written with every digit it has.
        folder: A new or empty one, or an earlier export, which is replaced.

    Raises:
        InputError: A name cannot be that of a file, or something else is in the folder.
    """
    for name in vectors.names:
        if not _is_file_name(name):
            raise InputError("the name of an item cannot be that of a file", seen=repr(name))
    with writing_folder(Path(folder), IfExists.REPLACE) as commit:
        for name, vector in zip(vectors.names, vectors.vectors, strict=True):
            text = json.dumps({"audio_path": name, "embeddings": vector.tolist()})
            commit.path(f"{name}.json").write_text(text, encoding="utf-8")
        commit.finish(
            {
                "kind": "exported embeddings",
                "format": "json",
                "modality": vectors.modality,
                "space": vectors.space,
                "rows": len(vectors),
                "dim": int(vectors.vectors.shape[1]),
                "dtype": "float64",
                "recipe": dict(vectors.recipe),
            }
        )


def _is_file_name(name: str) -> bool:
    plain = name and name[0] != "." and not {"/", "\\", "\0"} & set(name)
    return bool(plain) and len(name.encode()) <= _LONGEST
