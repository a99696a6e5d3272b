"""Damaged copies of every table: read right, or refused in one line that says where."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.sources.emm1.dataset import open_emm1
from tests.emm1_trees import MEDIA, Tree, make_emm1, write_pointer
from tests.sources.emm1 import plain_reader as plain
from tests.sources.emm1.plain_reader import Odd

GROUPS, IMAGES, TEXTS, TRIPLETS = (
    "nn_1/data_groups.csv",
    "infos/image.csv",
    "infos/text.csv",
    "triplets.csv",
)
TABLES = (GROUPS, IMAGES, TEXTS, TRIPLETS)
OWN = {
    GROUPS: "encord_image_id",
    IMAGES: "encord_image_id",
    TEXTS: "encord_text_id",
    TRIPLETS: "encord_paired_id",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_emm1(tmp_path / "root", "git", captions=10, nn=1, items=6, triplets=16)


def table_of(tree: Tree, name: str) -> Path:
    return tree.path("1m" if name == TRIPLETS else "100m", name)


def outcome(tree: Tree, name: str) -> str:
    """Read the data set twice, and say what came of it; anything but the same or an error fails."""
    path = table_of(tree, name)
    got = rows_or_error(tree, name)
    if not isinstance(got, InputError):
        assert got == expected_rows(tree, name)
        return "read"
    message = str(got)
    assert message.startswith(str(path)), message
    assert len(message.splitlines()) == 1
    assert got.row or got.column or not is_table(path), message
    return message


def rows_or_error(tree: Tree, name: str) -> list[tuple] | InputError:
    try:
        return rows_of(tree, name)
    except InputError as error:
        return error


def is_table(path: Path) -> bool:
    """Return whether there are rows or columns to name at all."""
    if not path.is_file() or path.read_bytes().startswith(b"version https://git-lfs"):
        return False
    return path.read_bytes().strip(b"\xef\xbb\xbf\r\n") != b""


def rows_of(tree: Tree, name: str) -> list[tuple]:
    ds = open_emm1(tree.root)
    frame = ds.triplets() if name == TRIPLETS else ds.groups(1, MEDIA, paths=True)
    return frame.collect().rows()


def expected_rows(tree: Tree, name: str) -> list[tuple]:
    if name == TRIPLETS:
        return plain.triplets(table_of(tree, name))
    return plain.groups(tree.folder("100m"), tree.root, 1, table_of(tree, GROUPS))


# ---------------------------------------------------------------------------------- what is done


def cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows as they stand, cell by cell; tables here have no quoted commas."""
    rows = plain.read(path)
    return list(rows[0]), [list(row.values()) for row in rows]


def written(path: Path, header: list[str], rows: list[list[str]]) -> None:
    from tests.emm1_trees import write_csv

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
    written(path, header, [*rows, rows[1], rows[1], rows[3]])


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
    from tests.emm1_trees import write_csv

    header, rows = cells(path)
    write_csv(path, header, rows, end="\r\n")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.filterwarnings("error")
def test_a_mutated_table_is_read_right_or_refused(mutation, name, tree):
    path = table_of(tree, name)
    MUTATIONS[mutation](path, OWN[name])
    if mutation == "absent" and name in (GROUPS, TRIPLETS):
        return  # then there is no such rank or part, which other tests look at
    outcome(tree, name)


READ_RIGHT = (
    "as it is",
    "byte order mark",
    "crlf",
    "no line end",
    "blank lines",
    "other order of columns",
    "more columns",
    "header alone",
    "header alone, no line end",
    "leading zeros",
)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("mutation", READ_RIGHT)
def test_what_is_harmless_is_read(mutation, name, tree):
    MUTATIONS[mutation](table_of(tree, name), OWN[name])
    assert outcome(tree, name) == "read"


REFUSED = {
    "column missing": "this column is missing",
    "column twice": "two columns have this name",
    "a cell too few": "does not fit the header",
    "a cell too many": "does not fit the header",
    "empty file": "the table is empty",
    "text for an id": "not an id",
    "negative id": "not an id",
    "float": "not an id",
    "too large": "not an id",
    "the largest number of 32 bits": "not an id",
    "utf-16": "not UTF-8",
    "pointer": "Git LFS pointer",
    "folder": "Is a directory",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("mutation", REFUSED)
def test_what_is_wrong_is_refused(mutation, name, tree):
    MUTATIONS[mutation](table_of(tree, name), OWN[name])
    assert REFUSED[mutation] in outcome(tree, name)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("cut", range(1, 61))
def test_a_table_cut_off_at_every_byte_of_its_end(cut, name, tree, caplog):
    path = table_of(tree, name)
    whole = rows_of(tree, name)
    path.write_bytes(path.read_bytes()[:-cut])
    caplog.set_level(logging.WARNING)
    if outcome(tree, name) == "read":
        got = rows_of(tree, name)
        shortened = [row for row in got if row not in whole and not has_gap(row)]
        # Only text at the very end can lose letters without any trace; then it is told.
        assert not shortened or "if the file is cut off" in caplog.text


def has_gap(row: tuple) -> bool:
    """Return whether a caption or path is missing, because its whole row was cut off."""
    return None in row


def test_the_error_at_full_width_of_a_row_names_its_line(tree):
    path = table_of(tree, TEXTS)
    text = path.read_bytes()
    lines = text.count(b"\n")
    path.write_bytes(text + b'900,COCO,MIT,"a\nb"\nx,COCO,MIT,c\n')
    with pytest.raises(InputError) as error:
        open_emm1(tree.root).groups().collect()
    assert error.value.row == lines + 3
    assert error.value.column == "encord_text_id"


def test_the_independent_reader_refuses_odd_tables(tree):
    path = table_of(tree, GROUPS)
    set_own("12.0")(path, "encord_image_id")
    with pytest.raises(Odd):
        expected_rows(tree, GROUPS)
    assert isinstance(open_emm1(tree.root).groups(modalities=["audio"]).collect(), pl.DataFrame)
