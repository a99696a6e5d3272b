"""A user's own file of sources: where the archives lie here, which mirror to ask.

    [sources.COCO]
    locations = ["/data/coco/train2017.zip"]

    [sources."Google Conceptual Captions"]
    url = "https://mirror.example.org/{file_name}"

    [sources.ImageNet]
    method = "folder"
    locations = ["/data/imagenet/train"]
    member = "{file_id}.JPEG"

What a table leaves out stays as in the catalog. Relative paths count from the file's folder. A
source that the catalog does not know needs its ``method``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, UnknownName
from pentad.sources.fetch.catalog import Method, SourcePlan, default_plans, source_key
from pentad.sources.fetch.magic import KINDS
from pentad.sources.fetch.places import split_hub

_KEYS = tuple(f.name for f in fields(SourcePlan) if f.name != "name")


def read_plans(file: Path) -> dict[str, SourcePlan]:
    """Return the plans of the catalog with those of a file laid over them, by `source_key`.

    Raises:
        InputError: The file cannot be read or does not say what it should.
        UnknownName: A key or a method does not exist.
    """
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=file) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"no TOML ({error})", file=file) from None
    for name in given:
        if name != "sources":
            raise UnknownName("table of a file of sources", name, ["sources"])
    plans = default_plans()
    for name, table in _table(file, "sources", given.get("sources", {})).items():
        key = source_key(name)
        plans[key] = _plan(file, name, _table(file, name, table), plans.get(key))
    return plans


def _table(file: Path, name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError("must be a table", file=file, column=name)
    return value


def _plan(file: Path, name: str, table: Mapping[str, Any], base: SourcePlan | None) -> SourcePlan:
    if base is None:
        if "method" not in table:
            raise InputError("a source that is not known needs a method", file=file, column=name)
        base = SourcePlan(name, Method.WEB)
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise UnknownName(f"key of source {name!r}", key, _KEYS)
        changes[key] = _value(file, f"{name}.{key}", key, value)
    return replace(base, **changes)


def _value(file: Path, where: str, key: str, value: object) -> object:
    if key == "locations":
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(v, str) and v for v in listed):
            raise InputError("must be a list of texts", file=file, column=where, seen=value)
        return tuple(_location(file.parent, each) for each in listed)
    if not isinstance(value, str) or not value:
        raise InputError("must be a text", file=file, column=where, seen=value)
    if key == "method":
        try:
            return Method(value)
        except ValueError:
            raise UnknownName("method", value, [m.value for m in Method]) from None
    if key == "kind" and value not in KINDS:
        raise UnknownName("kind of content", value, KINDS)
    return value


def _location(folder: Path, text: str) -> str:
    if text.startswith("hub://"):
        split_hub(text)
        return text
    return text if "://" in text else str(folder / Path(text).expanduser())
