from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa
import pytest

from pentad.store import cells
from pentad.store.cells import read_cell
from pentad.store.places import Loaded
from tests.tars import media, write_cells


def parquet(folder: Path, rows: int = 10) -> Path:
    return write_cells(
        folder / "t.parquet",
        {
            "image": media(*((f"picture {n}".encode(), f"dir/{n}.jpg") for n in range(rows))),
            "raw": pa.array([f"raw {n}".encode() for n in range(rows)], pa.large_binary()),
            "caption": pa.array([str(n) for n in range(rows)]),
        },
        rows_a_group=3,
    )


def arrow(folder: Path, rows: int = 10) -> Path:
    path = folder / "t.arrow"
    table = pa.table(
        {
            "image": media(*((f"picture {n}".encode(), f"dir/{n}.jpg") for n in range(rows))),
            "raw": pa.array([f"raw {n}".encode() for n in range(rows)], pa.binary()),
            "caption": pa.array([str(n) for n in range(rows)]),
        }
    )
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table, max_chunksize=3)
    return path


WRITERS = pytest.mark.parametrize("write", [parquet, arrow])


@WRITERS
def test_cells_are_found_in_any_order(tmp_path: Path, write) -> None:
    table = write(tmp_path)
    for row in (0, 1, 2, 3, 9, 4, 0, 8, 8, 7):
        assert read_cell(table, row, "image") == Loaded(f"picture {row}".encode(), f"{row}.jpg")
        assert read_cell(table, row, "raw").data == f"raw {row}".encode()
    assert read_cell(table, 3, "raw").name == f"3/raw of {table.name}"


@WRITERS
@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (10, "image", "no row 10"),
        (0, "nothing", "no column 'nothing'"),
        (0, "caption", "'caption' of the table is string, not bytes"),
    ],
)
def test_what_is_not_there(tmp_path: Path, write, row: int, column: str, said: str) -> None:
    table = write(tmp_path)
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match=said):
            read_cell(table, row, column)
    assert read_cell(table, 9, "image").data == b"picture 9"


def test_a_cell_without_bytes(tmp_path: Path) -> None:
    table = write_cells(
        tmp_path / "t.parquet", {"image": media(None, (None, "elsewhere.jpg"), (b"x", None))}
    )
    for row in (0, 1):
        with pytest.raises(FileNotFoundError, match=f"no bytes in row {row}"):
            read_cell(table, row, "image")
    assert read_cell(table, 2, "image") == Loaded(b"x", "2/image of t.parquet")


def test_neighboring_rows_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = parquet(tmp_path)
    started = []
    real = cells._ParquetRows.batches
    monkeypatch.setattr(
        cells._ParquetRows, "batches", lambda self, row: started.append(row) or real(self, row)
    )
    for row in range(10):
        read_cell(table, row, "image")
    assert started == [0]
    read_cell(table, 1, "image")
    read_cell(table, 9, "image")
    assert started == [0, 1, 9]


def test_a_batch_is_bounded_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "BATCH_BYTES", 64)
    table = write_cells(
        tmp_path / "t.parquet", {"raw": pa.array([b"%030d" % n for n in range(50)])}, 50
    )
    assert [read_cell(table, n, "raw").data for n in (0, 1, 7, 49)] == [
        b"%030d" % n for n in (0, 1, 7, 49)
    ]
    assert len(next(reversed(cells._open.values()))._batch) <= 2


def test_a_table_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    assert read_cell(parquet(tmp_path), 1, "raw").data == b"raw 1"
    write_cells(tmp_path / "t.parquet", {"raw": pa.array([b"a", b"new one"])})
    assert read_cell(tmp_path / "t.parquet", 1, "raw").data == b"new one"


@WRITERS
def test_damaged_tables(tmp_path: Path, write) -> None:
    table = write(tmp_path, 2000)
    data = bytearray(table.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 4000] = b"\xff" * 4000
    table.write_bytes(data)
    for row in (0, 1999, 700, 700):
        with contextlib.suppress(OSError):
            read_cell(table, row, "image")
    table.write_bytes(b"PAR1 and nothing")
    with pytest.raises(OSError, match="damaged"):
        read_cell(table, 0, "image")


def test_few_columns_stay_open(tmp_path: Path) -> None:
    for n in range(cells.KEPT_COLUMNS + 3):
        read_cell(write_cells(tmp_path / f"{n}.parquet", {"raw": pa.array([b"x"])}), 0, "raw")
    assert len(cells._open) == cells.KEPT_COLUMNS


def test_offsets_that_lead_out_of_a_stream(tmp_path: Path) -> None:
    table = arrow(tmp_path, 3)
    data = bytearray(table.read_bytes())
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 9, 18, 27))
    at = data.index(offsets)
    data[at + 4 : at + 8] = (1 << 30).to_bytes(4, "little")
    table.write_bytes(data)
    with pytest.raises(OSError, match="damaged"):
        read_cell(table, 0, "image")
    assert read_cell(table, 0, "raw").data == b"raw 0"
