"""Damaged copies of every table: read right, or refused in one line that says where."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import open_emm1
from pentad.sources.emm1.eshot_tables import read_info
from tests.emm1_trees import MEDIA, Tree, make_emm1
from tests.sources.emm1 import plain_reader as plain
from tests.sources.emm1.mutations import MUTATIONS, cells, set_own, written
from tests.sources.emm1.plain_reader import Odd

pytestmark = pytest.mark.slow

Read = Callable[[Tree, Path], list[tuple]]


@dataclass(frozen=True)
class Kind:
    """A table, and two readings of it that have to agree.

    Attributes:
        split: Its part.
        name: Its place in the part.
        own: The column of its ids.
        ours: Reads it as the package does; from a root, which may be what `convert` wrote.
        plain: Reads it with the standard library alone.
    """

    split: str
    name: str
    own: str
    ours: Read
    plain: Read

    def __str__(self) -> str:
        return f"{self.split} {self.name}"

    def path(self, tree: Tree) -> Path:
        return tree.path(self.split, self.name)


def groups_of(modalities: tuple[str, ...]) -> tuple[Read, Read]:
    return (
        lambda tree, root: (
            open_emm1(root, media_root=tree.root).groups(1, modalities, paths=True).collect().rows()
        ),
        lambda tree, _: plain.groups(
            tree.folder("100m"), tree.root, 1, tree.path("100m", GROUPS), modalities
        ),
    )


def infos_of(split: str, modality: str) -> tuple[Read, Read]:
    own = f"encord_{modality}_id"
    return (
        lambda _, root: open_emm1(root).infos(modality, split=split).rows(),
        lambda tree, _: plain.infos(tree.path(split, f"infos/{modality}.csv"), own),
    )


def eshot_of(modality: str, own: str) -> tuple[Read, Read]:
    name = f"eshot_{modality}_info.csv"
    return (
        lambda tree, _: read_info(tree.folder("eshot"), Modality(modality)).rows(),
        lambda tree, _: plain.infos(tree.path("eshot", name), own, repeats=False),
    )


def _rated(tree: Tree, root: Path) -> list[tuple]:
    ds = open_emm1(root, media_root=tree.root)
    return ds.triplets(captions=True, paths=True, labels=True).collect().rows()


GROUPS = "nn_1/data_groups.csv"
RATED: tuple[Read, Read] = (_rated, lambda tree, _: plain.rated(tree.folder("1m"), tree.root))
WHOLE_GROUPS = Kind("100m", GROUPS, "encord_image_id", *groups_of(MEDIA))
TRIPLETS = Kind("1m", "triplets.csv", "encord_paired_id", *RATED)
MAPPING = Kind("1m", "annotation_mapping.csv", "annotation", *RATED)
ITEMS = [
    *(Kind("100m", f"infos/{m}.csv", f"encord_{m}_id", *groups_of((m,))) for m in MEDIA),
    Kind("100m", "infos/text.csv", "encord_text_id", *groups_of(("image",))),
    *(Kind("1m", f"infos/{m}.csv", f"encord_{m}_id", *RATED) for m in ("text", *MEDIA)),
]
COLUMNS = [
    Kind("100m", f"infos/{m}.csv", f"encord_{m}_id", *infos_of("100m", m))
    for m in ("text", "image", "video")
]
ESHOT = [
    Kind("eshot", f"eshot_{m}_info.csv", own, *eshot_of(m, own))
    for m, own in (("audio", "eshot_audio_id"), ("points", "eshot_point_id"))
]
JOINED = [WHOLE_GROUPS, TRIPLETS, *ITEMS]
KINDS = [*JOINED, MAPPING, *COLUMNS, *ESHOT]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("mutated")
    return make_emm1(root, "git", captions=10, nn=1, items=6, triplets=16, eshot=True)


@contextmanager
def changed(path: Path, change: Callable[[Path], object]) -> Iterator[None]:
    """Change a file for the time of the block."""
    before = path.read_bytes()
    try:
        change(path)
        yield
    finally:
        if path.is_dir():
            path.rmdir()
        path.write_bytes(before)


def outcome(tree: Tree, kind: Kind) -> str:
    """Read a table twice, and say what came of it; anything but the same or an error fails."""
    found = rows_or_line(tree, kind)
    return found if isinstance(found, str) else "read"


def rows_or_line(tree: Tree, kind: Kind) -> list[tuple] | str:
    """Return the rows that both readings agree on, or the one line of the error."""
    try:
        got = kind.ours(tree, tree.root)
    except InputError as error:
        return checked(error, kind.path(tree))
    assert got == kind.plain(tree, tree.root)
    return got


def checked(error: InputError, path: Path) -> str:
    """Return the one line that an error is, which names the file, and column or row."""
    message = str(error)
    assert message.startswith(str(path)), message
    assert len(message.splitlines()) == 1
    assert error.row or error.column or not has_rows(path), message
    return message


def has_rows(path: Path) -> bool:
    """Return whether there is a row or column to name at all."""
    if not path.is_file() or path.read_bytes().startswith(b"version https://git-lfs"):
        return False
    lines = path.read_bytes().strip(b"\xef\xbb\xbf\r\n").splitlines()
    return len(lines) > ("eshot" in path.name)


EXPECTED = {
    **dict.fromkeys(
        ("as it is", "byte order mark", "crlf", "no line end", "blank lines", "leading zeros"),
        "read",
    ),
    "other order of columns": "read",
    "more columns": "read",
    "header alone": "read",
    "header alone, no line end": "read",
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
    "utf-16": "UTF-8",
    "pointer": "Git LFS pointer",
    "folder": "this is not a file",
}
OTHERWISE = {
    # The two columns of the mapping are read by position, for nobody knows their names.
    (MAPPING, "other order of columns"): "not an id",
    (MAPPING, "more columns"): "not an id",
    (MAPPING, "column missing"): "two columns are needed",
    **{(kind, "header alone"): "the table has no rows" for kind in ESHOT},
    **{(kind, "header alone, no line end"): "the table has no rows" for kind in ESHOT},
    **{(kind, "equal rows twice"): "is also that of row" for kind in ESHOT},
    **{(kind, "equal rows twice"): "read" for kind in KINDS if kind not in ESHOT},
    **{(kind, "rows that disagree"): "rows that disagree" for kind in (*ITEMS, *COLUMNS, MAPPING)},
    **{(kind, "absent"): "there is no such table" for kind in (*ITEMS, *COLUMNS, *ESHOT)},
    (MAPPING, "absent"): "read",
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutated_table_is_read_right_or_refused(mutation: str, tree: Tree) -> None:
    for kind in KINDS:
        if mutation == "absent" and kind in (WHOLE_GROUPS, TRIPLETS):
            continue  # then there is no such rank or part, which other tests look at
        expected = OTHERWISE.get((kind, mutation), EXPECTED.get(mutation, ""))
        with changed(kind.path(tree), lambda path, own=kind.own: MUTATIONS[mutation](path, own)):
            assert expected in outcome(tree, kind), str(kind)


@pytest.mark.parametrize("cell", ["x", "nan", "inf", "1e999", "0x10", "1_0", "12:30", "1,5"])
@pytest.mark.parametrize("kind", [COLUMNS[2], ESHOT[0]], ids=str)
def test_a_time_that_is_none_is_refused(cell: str, kind: Kind, tree: Tree) -> None:
    with changed(kind.path(tree), lambda path: set_own(cell)(path, "start_time")):
        assert outcome(tree, kind) != "read"


@pytest.mark.parametrize("cell", ["", "14", "14.5", "1e2", "-3", "0014"])
@pytest.mark.parametrize("kind", [COLUMNS[2], ESHOT[0]], ids=str)
def test_a_time_is_a_number(cell: str, kind: Kind, tree: Tree) -> None:
    with changed(kind.path(tree), lambda path: set_own(cell)(path, "start_time")):
        assert outcome(tree, kind) == "read"


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ITEMS[-4:]], ids=str)
def test_a_table_cut_off_at_every_byte_of_its_end(
    kind: Kind, tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    whole = kind.ours(tree, tree.root)
    data = kind.path(tree).read_bytes()
    last = len(data.splitlines(keepends=True)[-1])
    caplog.set_level(logging.WARNING)
    for cut in range(1, min(last + 4, len(data))):
        caplog.clear()
        with changed(kind.path(tree), lambda path, end=-cut: path.write_bytes(data[:end])):
            got = rows_or_line(tree, kind)
        rows = [] if isinstance(got, str) else got
        shortened = [row for row in rows if row not in whole and not has_gap(row)]
        # Only text at the very end can lose letters without any trace; then it is told.
        assert not shortened or "if the file is cut off" in caplog.text


def has_gap(row: tuple) -> bool:
    """Return whether a caption or path is missing, because its whole row was cut off."""
    return None in row


@pytest.mark.slow
@pytest.mark.parametrize("kind", [WHOLE_GROUPS, TRIPLETS, MAPPING, *ITEMS[::2]], ids=str)
def test_a_mutated_table_is_converted_right_or_refused(
    kind: Kind, tree: Tree, tmp_path: Path
) -> None:
    """What `convert` makes of a mutated table is what the table says, or it refuses it as well."""
    path = kind.path(tree)
    for mutation, change in MUTATIONS.items():
        if mutation in ("absent", "pointer") or (kind, mutation) == (
            WHOLE_GROUPS,
            "column missing",
        ):
            continue  # then there is less to convert, which other tests look at
        out = tmp_path / mutation
        with changed(path, lambda path, change=change: change(path, kind.own)):
            try:
                convert_emm1(tree.root, out)
            except InputError as error:
                checked(error, path)
                continue
            assert kind.ours(tree, out) == kind.plain(tree, tree.root)


# ------------------------------------------------------------------------------ categories of EShot

SOUNDS, CLOUDS = "category_to_audio_ids.json", "category_to_point_ids.json"


def classes(tree: Tree) -> dict[str, tuple[list[int], list[int]]]:
    """Return category -> ids of its sounds and clouds."""
    found = open_emm1(tree.root).eshot()
    ids = {m: found.table(m)[own].to_list() for m, own in
           (("audio", "eshot_audio_id"), ("points", "eshot_point_id"))}  # fmt: skip
    return {
        name: tuple([ids[m][row] for row in found.rows(m)[name]] for m in ids)
        for name in found.categories
    }


@pytest.mark.parametrize("name", [SOUNDS, CLOUDS])
@pytest.mark.parametrize(
    "change",
    [
        lambda data: data,
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b", ", b",\r\n  ") + b"\r\n",
        lambda data: json.dumps(dict(reversed(json.loads(data).items()))).encode(),
    ],
    ids=["as it is", "byte order mark", "crlf", "other order"],
)
def test_categories_are_read_right(change, name: str, tree: Tree) -> None:
    with changed(
        tree.path("eshot", name), lambda path: path.write_bytes(change(path.read_bytes()))
    ):
        assert classes(tree) == {"bell_(metal)": ([1, 2], [2, 3]), "dog": ([3, 0], [0, 1])}


@pytest.mark.parametrize("name", [SOUNDS, CLOUDS])
def test_categories_that_are_cut_off_are_refused(name: str, tree: Tree) -> None:
    path = tree.path("eshot", name)
    data = path.read_bytes()
    for end in [*range(0, len(data) - 8, 5), *range(len(data) - 8, len(data))]:
        with (
            changed(path, lambda path, end=end: path.write_bytes(data[:end])),
            pytest.raises(InputError) as error,
        ):
            open_emm1(tree.root).eshot()
        assert error.value.row == 1
        assert str(error.value).startswith(str(path))


# ------------------------------------------------------------------------------------ single cases


def test_the_error_at_full_width_of_a_row_names_its_line(tree: Tree) -> None:
    path = tree.path("100m", "infos/text.csv")
    data = path.read_bytes()
    more = b'900,COCO,MIT,"a\nb"\nx,COCO,MIT,c\n'
    with (
        changed(path, lambda path: path.write_bytes(data + more)),
        pytest.raises(InputError) as error,
    ):
        open_emm1(tree.root).groups().collect()
    assert error.value.row == data.count(b"\n") + 3
    assert error.value.column == "encord_text_id"


def test_what_is_odd_elsewhere_does_no_harm(tree: Tree) -> None:
    """And the independent reader refuses it, so that comparing with it means something."""
    path = WHOLE_GROUPS.path(tree)
    with changed(path, lambda path: set_own("12.0")(path, "encord_image_id")):
        with pytest.raises(Odd):
            WHOLE_GROUPS.plain(tree, tree.root)
        frame = open_emm1(tree.root).groups(modalities=["audio"]).collect()
    assert isinstance(frame, pl.DataFrame)


@pytest.mark.parametrize("kind", ITEMS, ids=str)
def test_rows_of_one_id_that_disagree_name_the_id_and_the_column(kind: Kind, tree: Tree) -> None:
    header, rows = cells(kind.path(tree))
    other = [*rows[0][:-1], rows[0][-1] + "2"]
    with changed(kind.path(tree), lambda path: written(path, header, [*rows, other])):
        told = outcome(tree, kind)
    assert f"[{header[-1]}]: id {rows[0][header.index(kind.own)]} stands in rows" in told
