from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pentad.core.errors import InputError, StoreError
from pentad.sources.fetch.ledger import Known, Ledger, Row, State, read_ledger


def row(number: int, state: State = State.DONE, reason: str = "", **more: object) -> Row:
    key = ("1m", "image", number)
    return Row(key, "COCO", "zip#x", state, f"shared/image/{number}.jpg", reason, **more)  # type: ignore[arg-type]


def test_rows_are_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.sqlite"
    with Ledger(path) as ledger:
        assert ledger.known(("1m", "image", 1)) is None
        ledger.record(row(1, bytes=5, sha256="ab"))
        ledger.record(row(2, State.FAILED, "timeout", detail="it's \n late"))
    with Ledger(path) as ledger:
        assert ledger.known(("1m", "image", 1)) == Known(State.DONE, "")
        assert ledger.known(("1m", "image", 2)) == Known(State.FAILED, "timeout")
        assert ledger.known(("100m", "image", 1)) is None
        frame = ledger.frame()
    assert frame.columns == [
        "split", "modality", "id", "source", "what", "state", "reason", "detail", "bytes",
        "sha256", "attempts", "path",
    ]  # fmt: skip
    assert frame["id"].to_list() == [1, 2]
    assert frame["bytes"].to_list() == [5, 0]
    assert frame.row(0)[-1] == "shared/image/1.jpg"


def test_a_later_row_replaces_an_earlier_one_and_attempts_add_up(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        ledger.record(row(1, State.FAILED, "timeout"))
        ledger.commit()
        ledger.record(row(1, State.FAILED, "not-found"))
        ledger.record(row(1))
        (found,) = ledger.frame().rows(named=True)
    assert (found["state"], found["reason"], found["attempts"]) == ("done", "", 3)


def test_an_empty_ledger_is_an_empty_table(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.frame().shape == (0, 12)


@pytest.mark.parametrize(
    ("known", "none", "transient", "everything"),
    [
        (Known(State.FAILED, "timeout"), False, True, True),
        (Known(State.FAILED, "rate-limited"), False, True, True),
        (Known(State.FAILED, "not-found"), False, False, True),
        (Known(State.FAILED, "a-reason-of-a-later-version"), False, True, True),
        (Known(State.DONE, ""), False, False, True),
        (Known(State.SKIPPED, "present"), True, True, True),
    ],
)
def test_what_is_tried_again(known: Known, none: bool, transient: bool, everything: bool) -> None:
    assert known.again(None) is none
    assert known.again("transient") is transient
    assert known.again("all") is everything


def test_there_is_one_writer_and_any_reader(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as ledger:
        ledger.record(row(1))
        ledger.commit()
        with pytest.raises(StoreError, match="another process"):
            Ledger(path)
        assert read_ledger(path).height == 1
    with Ledger(path):
        pass


def test_what_is_no_ledger_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(b"no database at all, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match="ledger cannot be used"):
        Ledger(tmp_path / "l")
    with pytest.raises(InputError, match="nothing was downloaded"):
        read_ledger(tmp_path / "missing")


def test_a_ledger_of_another_version_is_left_alone(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tmp_path / "l")) as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="not a ledger that this version reads"):
        Ledger(tmp_path / "l")


def test_a_truncated_ledger_is_told_not_mistaken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as ledger:
        for number in range(2000):
            ledger.record(row(number))
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match="move it away"), Ledger(path) as ledger:
        ledger.frame()


_CHILD = """
import sys
from pathlib import Path
from pentad.sources.fetch.ledger import Ledger, Row, State
ledger = Ledger(Path(sys.argv[1]))
number = 0
while True:
    ledger.record(Row(("1m", "image", number), "COCO", "x", State.DONE, f"{number}.jpg"))
    number += 1
    if number % 256 == 0:
        print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "l"
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        written = [int(child.stdout.readline()) for _ in range(6)][-1]
    finally:
        child.send_signal(signal.SIGKILL)
        child.stdout.close()
        child.wait()
    with Ledger(path) as ledger:  # its lock went with it
        ids = ledger.frame()["id"].to_list()
    assert len(ids) >= written
    assert ids == list(range(len(ids)))
    assert len(ids) % 256 == 0


_KILLED = """
import os, sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("PRAGMA cache_size = 2")  # so that it writes before it commits
base.execute("BEGIN IMMEDIATE")
base.execute("UPDATE items SET what = 'half' || id")
os._exit(9)
"""


def test_a_writer_that_was_killed_half_way_keeps_nobody_from_reading(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as ledger:
        for number in range(3000):
            ledger.record(row(number))
    subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert (tmp_path / "l-journal").stat().st_size > 0
    assert set(read_ledger(path)["what"]) == {"zip#x"}


def test_a_writer_that_was_killed_at_once_leaves_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "l").touch()
    assert read_ledger(tmp_path / "l").height == 0
    with Ledger(tmp_path / "l") as ledger:
        ledger.record(row(1))
    assert read_ledger(tmp_path / "l").height == 1


@pytest.mark.parametrize(
    "change",
    ["state = 'odd'", "state = x'ff'", "bytes = 'many'", "id = -5", "id = 99999999999",
     "reason = x'ff00'"],
)  # fmt: skip
def test_rows_that_cannot_be(tmp_path: Path, change: str) -> None:
    import sqlite3
    from contextlib import closing

    path = tmp_path / "l"
    with Ledger(path) as ledger:
        ledger.record(row(1))
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"UPDATE items SET {change}")
        base.commit()
    with pytest.raises(StoreError, match="move it away") as error:
        read_ledger(path)
    assert "\n" not in str(error.value)
    if change.startswith("state"):
        with Ledger(path) as ledger, pytest.raises(StoreError, match="move it away"):
            ledger.known(("1m", "image", 1))


def test_changed_bytes_never_do_more_than_refuse(tmp_path: Path) -> None:
    import random

    path = tmp_path / "l"
    with Ledger(path) as ledger:
        for number in range(300):
            ledger.record(row(number))
    data, chance = path.read_bytes(), random.Random(0)
    refused = 0
    for turn in range(200):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 40)):
            changed[chance.randrange(200 if turn % 2 else len(data))] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            read_ledger(path)
        except StoreError:
            refused += 1
    assert 20 < refused < 200


def test_names_that_no_data_base_takes_are_written_readably(tmp_path: Path) -> None:
    """Names in archives need not be text; one of them once would take all other rows with it."""
    with Ledger(tmp_path / "l") as ledger:
        ledger.record(Row(("1m", "points", 1), "ABO", "a.tar#\udcff/\x1b[1m.npy", State.DONE, "p"))
        assert ledger.frame()["what"].to_list() == [r"a.tar#\udcff/\x1b[1m.npy"]


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    def fill() -> None:
        with Ledger(tmp_path / "l") as ledger:
            ledger._base.execute("PRAGMA max_page_count = 4")
            for number in range(5000):
                ledger.record(row(number))

    with pytest.raises(StoreError, match="disk is full") as error:
        fill()
    assert "\n" not in str(error.value)
    assert read_ledger(tmp_path / "l").height % 256 == 0
