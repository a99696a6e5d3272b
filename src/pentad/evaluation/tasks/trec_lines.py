"""Lines of a few words each, millions of them, as columns; a line that does not fit is named.

Arrow splits the lines. Only when it meets something that does not fit is the file read once more,
line by line, to say where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pentad.core.errors import InputError
from pentad.evaluation.tasks.table import text_lines, unreadable

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 24
NAME, WHOLE, NUMBER = "name", "whole", "number"
_NO_SEPARATOR = "\x1f"
_WHOLE = r"^-?[0-9]{1,18}$"
_NUMBERS: Mapping[str, Callable[[str], object]] = {WHOLE: int, NUMBER: float}


@dataclass(frozen=True)
class Layout:
    """What a line holds.

    Attributes:
        words: What it should look like, for errors.
        kinds: Column -> ``name``, ``whole`` or ``number``, in their order.
        tabs: Whether tabs alone separate; else any blanks.
        skip: How many lines come before the first.
    """

    words: str
    kinds: Mapping[str, str]
    tabs: bool = False
    skip: int = 0


def read_columns(path: Path, layout: Layout, wanted: tuple[str, ...]) -> dict[str, Any]:
    """Return some columns of a file of lines, blank lines left out.

    Returns:
        Column -> Arrow array, names encoded as dictionaries; ``row``: the number of each line.

    Raises:
        InputError: It cannot be read, has no line, or one does not fit; its number is told.
    """
    import pyarrow as pa

    parts: dict[str, list[Any]] = {name: [] for name in (*wanted, "row")}
    try:
        for batch in _batches(path, layout):
            for name, column in batch.items():
                if name in parts:
                    parts[name].append(column)
    except pa.ArrowInvalid:
        _refuse(path, layout)
    except OSError as error:
        raise unreadable(path, error) from None
    if not sum(map(len, parts["row"])):
        raise InputError("there is no line in it", file=path, expected=layout.words)
    return {name: _joined(chunks) for name, chunks in parts.items()}


def _joined(chunks: list[Any]) -> Any:
    import pyarrow as pa

    column = pa.chunked_array(chunks)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _batches(path: Path, layout: Layout) -> Iterator[dict[str, Any]]:
    """Yield the columns of each block; raise `ArrowInvalid` where a line does not fit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    before = layout.skip
    for lines in _lines(path, layout):
        trimmed = pc.ascii_trim_whitespace(lines)
        filled = pc.not_equal(trimmed, "")
        rows = pc.add(pc.cast(pc.indices_nonzero(filled), pa.int64()), before + 1)
        before += len(lines)
        if len(rows):
            yield {**_split(trimmed.filter(filled), layout), "row": rows}


def _lines(path: Path, layout: Layout) -> Iterator[pa.StringArray]:
    import pyarrow as pa
    from pyarrow import csv

    if path.stat().st_size == 0:
        return
    with csv.open_csv(
        path,
        read_options=csv.ReadOptions(
            column_names=["line"], block_size=BLOCK, skip_rows=layout.skip
        ),
        parse_options=csv.ParseOptions(
            delimiter=_NO_SEPARATOR, quote_char=False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types={"line": pa.string()}, strings_can_be_null=False
        ),
    ) as reader:
        for batch in reader:
            yield batch.column(0)


def _split(lines: pa.StringArray, layout: Layout) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    split = pc.split_pattern(lines, "\t") if layout.tabs else pc.ascii_split_whitespace(lines)
    if not pc.all(pc.equal(pc.list_value_length(split), len(layout.kinds))).as_py():
        raise pa.ArrowInvalid("another number of words")
    if pc.any(pc.match_substring(lines, "\0")).as_py():
        raise pa.ArrowInvalid("a NUL byte")
    words = split.flatten()
    width = len(layout.kinds)
    return {
        name: _typed(_every(words, place, width), kind)
        for place, (name, kind) in enumerate(layout.kinds.items())
    }


def _every(words: Any, first: int, step: int) -> Any:
    import numpy as np

    return words.take(np.arange(first, len(words), step))


def _typed(words: Any, kind: str) -> Any:
    """Return one column; raise `ArrowInvalid` where a word is not of its kind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind == NAME:
        if pc.any(pc.equal(words, "")).as_py():
            raise pa.ArrowInvalid("an empty name")
        return words.dictionary_encode()
    if kind == WHOLE:
        if not pc.all(pc.match_substring_regex(words, _WHOLE)).as_py():
            raise pa.ArrowInvalid("not a whole number")
        return pc.cast(words, pa.int64())
    numbers = pc.cast(words, pa.float64())
    if pc.any(pc.is_nan(numbers)).as_py():
        raise pa.ArrowInvalid("NaN")
    return numbers


def _refuse(path: Path, layout: Layout) -> NoReturn:
    """Raise the error that names the first line that does not fit."""
    for number, line in text_lines(path):
        if number <= layout.skip:
            continue
        words = line.strip().split("\t") if layout.tabs else line.split()
        if len(words) != len(layout.kinds):
            raise InputError("this line has another number of columns", file=path, row=number,
                             expected=layout.words, seen=f"{len(words)} columns")  # fmt: skip
        for word, (name, kind) in zip(words, layout.kinds.items(), strict=True):
            if not _fits(word, kind):
                raise InputError(_WRONG[kind], file=path, row=number, column=name,
                                 seen=repr(word[:80]))  # fmt: skip
    raise InputError("not lines of text", file=path, expected=layout.words)


_WRONG = {NAME: "the name is empty", WHOLE: "not a whole number", NUMBER: "not a number"}


def _fits(word: str, kind: str) -> bool:
    if kind == NAME:
        return bool(word.strip())
    if kind == WHOLE and not re.fullmatch(_WHOLE, word):
        return False
    try:
        value = _NUMBERS[kind](word)
    except ValueError:
        return False
    return value == value and "_" not in word  # noqa: PLR0124  NaN alone differs from itself
