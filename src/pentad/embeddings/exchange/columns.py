"""Which column of a table holds the vectors, and which says what a row is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.exchange.imported import Wanted
from pentad.embeddings.exchange.rows import MAX_DIM

if TYPE_CHECKING:
    import pyarrow as pa

VECTORS = "embedding"
"""Name of the column that is written, where no other is given."""

_PATHS = ("file", "file_name", "filename", "path", "fname", "name", "url")


@dataclass(frozen=True)
class Chosen:
    """Columns of one table.

    Attributes:
        vectors: The column of vectors.
        ids: A column of integers, or None.
        names: A column of strings, or None.
        named: Whether ``names`` was asked for, so that every row needs one.
    """

    vectors: str
    ids: str | None
    names: str | None
    named: bool = False

    @property
    def all(self) -> list[str]:
        """The columns that have to be read."""
        return [name for name in (self.vectors, self.ids, self.names) if name is not None]


def name_column(modality: Modality) -> str:
    """Return what the column of names is called in what is written: ``caption`` or ``file``."""
    return "caption" if modality is Modality.TEXT else "file"


def choose_columns(schema: pa.Schema, wanted: Wanted, file: Path) -> Chosen:
    """Return the columns to read.

    Raises:
        UnknownName: A column that was named is not there.
        InputError: There is no column of vectors or more than one, or a key is neither integers
            nor strings.
    """
    vectors = _vectors(schema, wanted.column, file)
    ids, names = key_columns(schema, wanted, file)
    return Chosen(vectors, ids, names, wanted.key is not None)


def key_columns(schema: pa.Schema, wanted: Wanted, file: Path) -> tuple[str | None, str | None]:
    """Return the columns of ids and of names: the key that was asked for, or what is found."""
    kinds = _kinds(schema)
    if wanted.key is None:
        own = wanted.modality.id_column
        candidates = _candidates(wanted.modality)
        names = next((c for c in candidates if kinds.get(c) == "string"), None)
        return (own if kinds.get(own) == "integer" else None), names
    kind = kinds.get(_known(wanted.key, schema, file))
    if kind is None:
        seen = schema.field(wanted.key).type
        raise InputError(
            "no key", file=file, column=wanted.key, expected="integers or strings", seen=seen
        )
    return (wanted.key, None) if kind == "integer" else (None, wanted.key)


def list_size(kind: pa.DataType) -> int | None:
    """Return the length of vectors that are all of one length by their type."""
    import pyarrow as pa

    return int(kind.list_size) if pa.types.is_fixed_size_list(kind) else None


def is_vector(kind: pa.DataType, *, integers: bool = False) -> bool:
    """Return whether a type is lists of floats, or of integers where that is allowed."""
    import pyarrow as pa

    types = pa.types
    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    if not lists:
        return False
    value = kind.value_type
    return bool(types.is_floating(value) or (integers and types.is_integer(value)))


def _vectors(schema: pa.Schema, column: str | None, file: Path) -> str:
    if column is not None:
        kind = schema.field(_known(column, schema, file)).type
        if not is_vector(kind, integers=True):
            raise InputError(
                "no vectors", file=file, column=column, expected="lists of floats", seen=kind
            )
        found = [column]
    else:
        found = [name for name in schema.names if _is_vector_column(schema, name)]
    if not found:
        raise InputError(
            "no column of vectors (lists of floats)", file=file, seen=", ".join(schema.names)
        )
    if len(found) > 1:
        names = ", ".join(found)
        raise InputError(f"several columns of vectors ({names}); name one of them", file=file)
    size = list_size(schema.field(found[0]).type)
    if size is not None and not 0 < size <= MAX_DIM:
        raise InputError("no vectors", file=file, column=found[0], seen=f"lists of {size}")
    return found[0]


def _is_vector_column(schema: pa.Schema, name: str) -> bool:
    return len(schema.get_all_field_indices(name)) == 1 and is_vector(schema.field(name).type)


def _known(name: str, schema: pa.Schema, file: Path) -> str:
    count = len(schema.get_all_field_indices(name))
    if count == 0:
        raise UnknownName(f"column of {file}", name, schema.names)
    if count > 1:
        raise InputError(f"there are {count} columns of this name", file=file, column=name)
    return name


def _candidates(modality: Modality) -> tuple[str, ...]:
    if modality is Modality.TEXT:
        return ("caption", "text")
    return (f"{modality.value}_path", *_PATHS)


def _kinds(schema: pa.Schema) -> Mapping[str, str]:
    kinds = {}
    for field in schema:
        kind = _kind(field.type)
        if kind and len(schema.get_all_field_indices(field.name)) == 1:
            kinds[field.name] = kind
    return kinds


def _kind(kind: Any) -> str:
    from pyarrow import types

    if types.is_integer(kind):
        return "integer"
    if types.is_dictionary(kind):
        kind = kind.value_type
    return "string" if types.is_string(kind) or types.is_large_string(kind) else ""
