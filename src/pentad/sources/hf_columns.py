"""Which columns of a Hugging Face table hold media, captions and facts.

``datasets`` writes what its columns are as JSON under the key ``huggingface`` of the schema's
metadata: ``{"info": {"features": {"image": {"_type": "Image"}, ...}}}``. A picture or sound is a
struct ``{bytes, path}``. Without that key the struct and the column's name have to tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pentad.core.modality import Modality
from pentad.store.cells import holds_bytes

_KINDS = {"Image": Modality.IMAGE, "Audio": Modality.AUDIO, "Video": Modality.VIDEO}
_NAMES: Mapping[Modality, str] = {
    Modality.IMAGE: "image|img|picture|photo|jpe?g|png|webp",
    Modality.AUDIO: "audio|sound|wav|flac|mp3|ogg|opus",
    Modality.VIDEO: "video|clip|mp4|webm",
    Modality.POINTS: "points|point_?cloud|cloud|mesh|ply|npy|glb|obj",
}
_CAPTIONS = re.compile(r"(caption|text|sentence)s?(_?\d{1,3})?")
_FACTS: Mapping[str, Sequence[str]] = {
    "concept": ("concept",),
    "source_dataset": ("source_dataset",),
    "dataset_license": ("dataset_license", "license", "licence"),
}


@dataclass(frozen=True)
class HfColumns:
    """The columns of one table that mean something here.

    Attributes:
        media: Column -> what it holds.
        captions: Columns of texts, or of lists of texts.
        facts: Fact -> its column.
        classes: Column -> names of its numbers.
    """

    media: Mapping[str, Modality]
    captions: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def told(self) -> list[str]:
        """Columns that are read while listing."""
        return list(dict.fromkeys([*self.captions, *self.facts.values()]))


def hf_columns(schema: Any) -> HfColumns:
    """Return what the columns of an Arrow schema are."""
    features = hf_features(schema)
    types = {f.name: f.type for f in schema}
    media = {
        name: kind
        for name, type_ in types.items()
        if holds_bytes(type_) and (kind := _kind(name, features.get(name, {}))) is not None
    }
    captions = tuple(n for n, t in types.items() if _CAPTIONS.fullmatch(n.lower()) and _is_text(t))
    facts = {
        fact: name
        for fact, names in _FACTS.items()
        if (name := next((n for n in names if n in types and _is_text(types[n])), None))
    }
    classes = {n: names for n, f in features.items() if (names := _class_names(f)) and n in types}
    if "concept" not in facts and len(classes) == 1:
        facts["concept"] = next(iter(classes))
    return HfColumns(media, captions, facts, classes)


def hf_features(schema: Any) -> Mapping[str, Any]:
    """Return what ``datasets`` says of the columns; nothing where it says nothing."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(features, dict):
        return {}
    return {name: f for name, f in features.items() if isinstance(f, dict)}


def is_hf_schema(schema: Any) -> bool:
    """Return whether a table is unmistakably one of ``datasets`` that holds media."""
    typed = any(f.get("_type") in _KINDS for f in hf_features(schema).values())
    return typed or any(_is_pair(f.type) for f in schema)


def _kind(name: str, feature: Mapping[str, Any]) -> Modality | None:
    """Return what a column of bytes holds; a name counts with any number or mark around it."""
    if (found := _KINDS.get(str(feature.get("_type")))) is not None:
        return found
    lower = name.lower()
    words = {re.sub(r"\d+$", "", word) for word in (lower, *re.split(r"[._\-\s]", lower))}
    for kind, pattern in _NAMES.items():
        if any(re.fullmatch(pattern, word) for word in words):
            return kind
    return None


def _is_pair(type_: Any) -> bool:
    from pyarrow import types

    return (
        types.is_struct(type_)
        and {type_.field(i).name for i in range(type_.num_fields)} == {"bytes", "path"}
        and holds_bytes(type_)
    )


def _is_text(type_: Any) -> bool:
    from pyarrow import types

    if types.is_list(type_) or types.is_large_list(type_):
        return _is_text(type_.value_type)
    if types.is_dictionary(type_):
        return _is_text(type_.value_type)
    return bool(
        types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_)
    )


def _class_names(feature: Mapping[str, Any]) -> Sequence[str]:
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ()
    return names
