from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.handlers.parquet_rows import ParquetBatch
from pentad.sources.fetch.handlers.wanted import NameRule, Wanted
from pentad.sources.fetch.hub import Hub
from pentad.sources.fetch.jobs import Task
from pentad.sources.fetch.places import Places
from pentad.sources.fetch.placing import Rules
from tests.sources.fetch.server import Site, content, status, whole
from tests.sources.fetch.work import Outcomes, files, job, picture, run_batch, task

COLUMNS = ("image.path", "image.bytes")


def make_table(path: Path, names: list[str], *, group: int = 10, size: int = 30_000) -> bytes:
    images = [{"bytes": picture(name, size), "path": name} for name in names]
    table = pa.table({"image": images, "label": list(range(len(names)))})
    pq.write_table(table, path, row_group_size=group, compression="none", use_dictionary=False)
    return path.read_bytes()


def fetch(
    client: Client,
    tasks: list[Task],
    *locations: str,
    columns: tuple[str, str] = COLUMNS,
    template: str = "{file_id}.*",
) -> Outcomes:
    wanted = Wanted(tasks, NameRule(template, folders=False))
    places = Places(client, Hub(client, endpoint="https://hub.invalid"))
    return run_batch(ParquetBatch("ImageNet", wanted, places, locations, columns, Rules("image")))


def pictures(root: Path, *names: str) -> list[Task]:
    return [task(root, job(n, "ImageNet", file_id=name)) for n, name in enumerate(names)]


def test_cells_are_taken_from_the_row_groups_that_have_them(
    client: Client, site: Site, tmp_path: Path
) -> None:
    names = [f"n{n:04d}.JPEG" for n in range(200)]
    body = make_table(tmp_path / "t.parquet", names)
    url = site.add("/t.parquet", content(body))
    out = tmp_path / "out"
    outcomes = fetch(client, pictures(out, "n0003", "n0155", "n9999"), url)
    assert outcomes.reasons() == {0: "got", 1: "got", 2: "member-missing"}
    assert files(out) == {
        "shared/image/0.jpg": picture("n0003.JPEG", 30_000),
        "shared/image/1.jpg": picture("n0155.JPEG", 30_000),
    }
    sent = 0
    for asked in site.asked:
        first, _, last = asked.headers["Range"].removeprefix("bytes=").partition("-")
        sent += min(int(last), len(body) - 1) - int(first) + 1
    assert sent < len(body) / 2


def test_local_tables_do_as_well(client: Client, tmp_path: Path) -> None:
    make_table(tmp_path / "a.parquet", ["a.jpg", "b.jpg"])
    make_table(tmp_path / "b.parquet", ["c.jpg"])
    outcomes = fetch(client, pictures(tmp_path / "out", "b", "c"), str(tmp_path))
    assert outcomes.reasons() == {0: "got", 1: "got"}


def test_columns_may_be_named_otherwise(client: Client, tmp_path: Path) -> None:
    table = pa.table({"file": ["x/a.jpg", "b.jpg"], "data": [picture("a"), picture("b")]})
    pq.write_table(table, tmp_path / "t.parquet")
    outcomes = fetch(
        client,
        pictures(tmp_path / "out", "a", "b"),
        str(tmp_path / "t.parquet"),
        columns=("file", "data"),
        template="{file_id}.jpg",
    )
    assert outcomes.reasons() == {0: "member-missing", 1: "got"}


def test_a_missing_column_names_those_that_are_there(client: Client, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "t.parquet")
    outcomes = fetch(client, pictures(tmp_path / "out", "a"), str(tmp_path / "t.parquet"))
    assert outcomes.reasons() == {0: "bad-archive"}
    assert "no column 'image.path', only x" in outcomes.error(0).detail


def test_empty_cells_and_other_content_are_refused(client: Client, tmp_path: Path) -> None:
    images = [
        {"bytes": None, "path": "a.jpg"},
        {"bytes": b"", "path": "b.jpg"},
        {"bytes": b"<html>", "path": "c.jpg"},
        {"bytes": picture(1), "path": None},
        {"bytes": picture(1), "path": "d.jpg"},
    ]
    pq.write_table(pa.table({"image": images}), tmp_path / "t.parquet")
    outcomes = fetch(
        client, pictures(tmp_path / "out", "a", "b", "c", "d"), str(tmp_path / "t.parquet")
    )
    assert outcomes.reasons() == {0: "unusable", 1: "empty", 2: "wrong-content-type", 3: "got"}


@pytest.mark.parametrize("body", [b"", b"PAR1", b"<html>" * 99, b"PAR1" + bytes(500) + b"PAR1"])
def test_what_is_no_table_is_refused(
    client: Client, site: Site, tmp_path: Path, body: bytes
) -> None:
    outcomes = fetch(client, pictures(tmp_path, "a"), site.add("/t.parquet", content(body)))
    assert outcomes.reasons()[0] in ("bad-archive", "refused")


def test_a_server_that_fails_or_sends_no_parts(client: Client, site: Site, tmp_path: Path) -> None:
    body = make_table(tmp_path / "t.parquet", ["a.jpg"])
    serve = content(body)
    for answers, reason in (
        ((whole(body),), "no-ranges"),
        ((serve, status(404)), "not-found"),
        ((status(503),), "server-error"),
    ):
        url = site.add("/t.parquet", *answers)
        outcomes = fetch(client, pictures(tmp_path / "out", "a"), url)
        assert outcomes.reasons() == {0: reason}


def test_a_cell_that_stands_in_every_row_is_not_unfolded(client: Client, tmp_path: Path) -> None:
    """Two megabytes on disk would be two gigabytes as a column."""
    path, count = tmp_path / "t.parquet", 1000
    cell = picture("x", 2_000_000)
    column = pa.DictionaryArray.from_arrays(pa.array([0] * count), pa.array([cell]))
    names = pa.array([f"n{n}.jpg" for n in range(count)])
    pq.write_table(pa.table({"name": names, "picture": column}), path, compression="none")
    assert path.stat().st_size < 3_000_000
    before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(pool)
    try:
        outcomes = fetch(
            client, pictures(tmp_path / "out", "n0", "n700"), str(path), columns=("name", "picture")
        )
        most = pool.max_memory()
    finally:
        pa.set_memory_pool(before)
    assert outcomes.reasons() == {0: "got", 1: "got"}
    assert set(files(tmp_path / "out").values()) == {cell}
    assert most < 300_000_000


@pytest.mark.slow
def test_changed_bytes_never_do_more_than_refuse(client: Client, tmp_path: Path) -> None:
    import random

    good = make_table(tmp_path / "t.parquet", [f"n{n}.jpg" for n in range(8)], group=3, size=40)
    footer, chance, seen = len(good) - 1500, random.Random(0), set()
    for turn in range(1500):
        changed = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(footer if turn % 2 else 0, len(good))
            changed[place] = chance.randrange(256)
        path = tmp_path / "changed.parquet"
        path.write_bytes(changed)
        outcomes = fetch(client, pictures(tmp_path / "out", "n0", "n5"), str(path))
        seen |= set(outcomes.reasons().values())
    assert {"got", "bad-archive"} <= seen
