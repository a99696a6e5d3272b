"""Objects that were unpacked from HDF5 files: where they lie, and the list of them.

    PLACE/objects.txt        one object a line: chair/00004
    PLACE/chair/00004.npy    its points, float32 (2048, 3)

`pentad.evaluation.tasks.labels.hdf5` writes it. The list is whole before the first object is
written, so that a copy that was cut short shows as objects that are absent.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from pentad.core.errors import InputError
from pentad.evaluation.tasks.labels.labelled import Listed
from pentad.evaluation.tasks.table import text_lines
from pentad.store.atomic import write_bytes

LIST = "objects.txt"
POINTS = 2048
NOTE = f"objects are those of the published HDF5 files, of {POINTS:,} points each"
_LINE = re.compile(r"(?P<name>[A-Za-z0-9_]+)/[0-9_]+")


def unpack_command(source: Path) -> str:
    """Return the command that makes of a folder one that is read."""
    target = source.with_name(f"{source.absolute().name}-npy") if source.name else Path("../npy")
    return f"pentad unpack {shlex.quote(str(source))} {shlex.quote(str(target))}"


def read_list(path: Path, classes: Collection[str]) -> list[tuple[int, Listed]]:
    """Return line and object of each line of a list.

    Raises:
        InputError: It cannot be read, or a line is no class and number.
    """
    rows = []
    for number, line in text_lines(path):
        found = _LINE.fullmatch(line)
        if found is None or found["name"] not in classes:
            raise InputError("not class/number, of a known class", file=path, row=number,
                             seen=repr(line[:80]))  # fmt: skip
        rows.append((number, Listed(line, (found["name"],), (line,))))
    return rows


def write_list(path: Path, names: Sequence[str]) -> None:
    """Write a list, or check that the list that is there is the same.

    Raises:
        InputError: Another list is there.
        StoreError: It cannot be written.
    """
    data = "".join(f"{name}\n" for name in names).encode()
    if not path.is_file():
        write_bytes(path, data)
    elif path.stat().st_size != len(data) or path.read_bytes() != data:
        raise InputError("it lists objects of another file; unpack into another folder", file=path)
