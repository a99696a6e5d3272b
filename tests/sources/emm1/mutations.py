"""What may befall a table: changes by name, each done to a file in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.emm1_trees import write_csv, write_pointer
from tests.sources.emm1 import plain_reader as plain


def cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows as they stand, cell by cell; tables here have no quoted commas."""
    rows = plain.read(path)
    return list(rows[0]), [list(row.values()) for row in rows]


def written(path: Path, header: list[str], rows: list[list[str]]) -> None:
    write_csv(path, header, rows)


def set_own(value: str) -> Callable[[Path, str], None]:
    """Return a change that puts a text into the id column of the third row."""

    def change(path: Path, own: str) -> None:
        header, rows = cells(path)
        rows[2][header.index(own)] = value
        written(path, header, rows)

    return change


def bytewise(change: Callable[[bytes], bytes]) -> Callable[[Path, str], None]:
    def apply(path: Path, own: str) -> None:
        path.write_bytes(change(path.read_bytes()))

    return apply


def in_third_line(data: bytes, old: bytes, new: bytes) -> bytes:
    lines = data.split(b"\n")
    lines[2] = lines[2].replace(old, new, 1)
    return b"\n".join(lines)


def reorder(path: Path, own: str) -> None:
    header, rows = cells(path)
    written(path, header[::-1], [row[::-1] for row in rows])


def more_columns(path: Path, own: str) -> None:
    header, rows = cells(path)
    added = [[f"x,{n}", *row, "\u00e9"] for n, row in enumerate(rows)]
    written(path, ["before", *header, "after"], added)


def drop_own(path: Path, own: str) -> None:
    header, rows = cells(path)
    at = header.index(own)
    written(path, [*header[:at], *header[at + 1 :]], [[*r[:at], *r[at + 1 :]] for r in rows])


def repeat_equal(path: Path, own: str) -> None:
    header, rows = cells(path)
    written(path, header, [*rows, rows[1], rows[1], rows[-1]])


def repeat_other(path: Path, own: str) -> None:
    header, rows = cells(path)
    other = list(rows[1])
    other[-1] = f"{other[-1]}2" if header[-1] not in ("nn_index", "annotation") else "3"
    written(path, header, [*rows, other])


def same_name_twice(path: Path, own: str) -> None:
    header, rows = cells(path)
    written(path, [*header, own], [[*row, "1"] for row in rows])


def make_folder(path: Path, own: str) -> None:
    path.unlink()
    path.mkdir()


def fewer_cells(path: Path, own: str) -> None:
    header, rows = cells(path)
    rows[2] = rows[2][:-1]
    written(path, header, rows)


def with_zeros(path: Path, own: str) -> None:
    header, rows = cells(path)
    at = header.index(own)
    written(path, header, [[*r[:at], f"000{r[at]}", *r[at + 1 :]] for r in rows])


def shuffled(path: Path, own: str) -> None:
    header, rows = cells(path)
    written(path, header, rows[::-1])


MUTATIONS: dict[str, Callable[[Path, str], None]] = {
    "as it is": lambda path, own: None,
    "byte order mark": bytewise(lambda d: b"\xef\xbb\xbf" + d),
    "byte order mark twice": bytewise(lambda d: b"\xef\xbb\xbf" * 2 + d),
    "crlf": lambda path, own: written_crlf(path),
    "no line end": bytewise(lambda d: d.rstrip(b"\n")),
    "blank lines": bytewise(lambda d: b"\n\n" + d + b"\n\n"),
    "a line of blanks": bytewise(lambda d: d + b"   \n"),
    "other order of columns": reorder,
    "more columns": more_columns,
    "rows backwards": shuffled,
    "column missing": drop_own,
    "column twice": same_name_twice,
    "equal rows twice": repeat_equal,
    "rows that disagree": repeat_other,
    "a cell too few": fewer_cells,
    "a cell too many": bytewise(lambda d: in_third_line(d, b",", b",x,")),
    "empty file": bytewise(lambda d: b""),
    "only a line end": bytewise(lambda d: b"\n"),
    "header alone": bytewise(lambda d: d.split(b"\n")[0] + b"\n"),
    "header alone, no line end": bytewise(lambda d: d.split(b"\n")[0]),
    "no header": bytewise(lambda d: d.split(b"\n", 1)[1]),
    "cut header": bytewise(lambda d: d[:7]),
    "text for an id": set_own("seven"),
    "a word that means nothing": set_own("null"),
    "negative id": set_own("-1"),
    "float": set_own("12.0"),
    "float with exponent": set_own("1e2"),
    "too large": set_own(str(2**32)),
    "the largest number of 32 bits": set_own(str(2**32 - 1)),
    "far too large": set_own("1" * 40),
    "the largest id": set_own(str(2**32 - 2)),
    "leading zeros": with_zeros,
    "blanks around": set_own(" 3 "),
    "empty id": set_own(""),
    "unknown id": set_own("77"),
    "not utf-8": bytewise(lambda d: in_third_line(d, b",", b"\xff,")),
    "not utf-8, later": bytewise(lambda d: d.rstrip(b"\n")[:-1] + b"\xe9\n"),
    "nul": bytewise(lambda d: in_third_line(d, b",", b"\x00,")),
    "nul, later": bytewise(lambda d: d.rstrip(b"\n")[:-1] + b"\x00\n"),
    "quote opened": bytewise(lambda d: in_third_line(d, b",", b',"')),
    "quote opened and another later": bytewise(lambda d: in_third_line(d, b",", b',"x"",')),
    "utf-16": bytewise(lambda d: d.decode().encode("utf-16")),
    "semicolons": bytewise(lambda d: d.replace(b",", b";")),
    "pointer": lambda path, own: write_pointer(path),
    "folder": make_folder,
    "absent": lambda path, own: path.unlink(),
}


def written_crlf(path: Path) -> None:
    header, rows = cells(path)
    write_csv(path, header, rows, end="\r\n")
