from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pentad.core.errors import InputError, StoreError, UnknownName
from pentad.sources.emm1.lfs import Pointer
from pentad.sources.emm1.lfs_batch import Action, ask
from pentad.sources.emm1.lfs_remote import Endpoint
from pentad.sources.emm1.pull import Pulled, State, pull
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from tests.sources.emm1.lfs_server import INFOS, Lfs, make_clone, pointer_text, serving, table

IMAGE = "datasets/e-mm1_100m/infos/image.csv"
NN_1 = "datasets/e-mm1_100m/nn_1/data_groups.csv"


@pytest.fixture
def lfs() -> Iterator[Lfs]:
    with serving() as server:
        yield server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "clone"


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def states(rows: list[Pulled]) -> dict[str, State]:
    return {row.file: row.state for row in rows}


def hidden(root: Path) -> list[Path]:
    return [path for path in (root / "datasets").rglob(".*") if path.is_file()]


def test_infos_and_the_first_neighbors_by_default(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    rows = pull(root, allow_private=[lfs.host])
    wanted = [f"datasets/e-mm1_100m/infos/{m}.csv" for m in INFOS] + [NN_1]
    assert [row.file for row in rows] == wanted
    assert set(states(rows).values()) == {State.FETCHED}
    for row in rows:
        assert (root / row.file).read_bytes() == contents[row.file]
        assert row.bytes == len(contents[row.file])
    others = set(contents) - set(wanted)
    assert all(b"git-lfs" in (root / name).read_bytes() for name in others)
    assert hidden(root) == []


def test_what_is_sent_is_the_batch_api(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    pull(root, allow_private=[lfs.host])
    (body,), (headers,) = lfs.bodies, lfs.posts
    assert {k: v for k, v in body.items() if k != "objects"} == {
        "operation": "download", "transfers": ["basic"], "hash_algo": "sha256",
    }  # fmt: skip
    assert headers["Accept"] == headers["Content-Type"] == "application/vnd.git-lfs+json"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("splits", "nn", "count"),
    [(["100m"], [1, 3], 7), (["1m"], None, 7), (["eshot"], None, 4), (["eshot", "100m"], [2], 10)],
)
def test_what_is_asked_for(
    root: Path, lfs: Lfs, splits: list[str], nn: list[int] | None, count: int
) -> None:
    contents = make_clone(root, lfs)
    rows = pull(root, splits=splits, nn=nn, allow_private=[lfs.host])
    assert len(rows) == count
    assert all((root / row.file).read_bytes() == contents[row.file] for row in rows)


def test_a_second_run_asks_nobody(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    pull(root, allow_private=[lfs.host])
    lots, before = len(lfs.lots), (root / IMAGE).stat().st_mtime_ns
    rows = pull(root, allow_private=[lfs.host])
    assert set(states(rows).values()) == {State.THERE}
    assert len(lfs.lots) == lots
    assert (root / IMAGE).stat().st_mtime_ns == before


def test_tables_that_are_content_are_left_alone(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    (root / IMAGE).write_text("encord_image_id\n1\n")
    rows = pull(root, allow_private=[lfs.host])
    assert states(rows)[IMAGE] is State.THERE
    assert (root / IMAGE).read_text() == "encord_image_id\n1\n"


@pytest.mark.parametrize(
    ("code", "kind"),
    [(404, "not-on-server"), (410, "removed-from-server"), (422, "invalid-object"), (509, "509")],
)
def test_an_object_that_the_server_refuses_stops_no_other(
    root: Path, lfs: Lfs, code: int, kind: str
) -> None:
    contents = make_clone(root, lfs)
    lfs.errors[oid_of(contents[IMAGE])] = code
    rows = {row.file: row for row in pull(root, allow_private=[lfs.host])}
    assert rows[IMAGE].state is State.FAILED
    assert kind in rows[IMAGE].reason
    assert f"sorry, {code}" in rows[IMAGE].reason
    assert [name for name, row in rows.items() if row.state is not State.FETCHED] == [IMAGE]
    assert b"git-lfs" in (root / IMAGE).read_bytes()
    lfs.errors.clear()
    assert states(pull(root, allow_private=[lfs.host]))[IMAGE] is State.FETCHED


def test_wrong_content_never_takes_the_place_of_a_pointer(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    oid = oid_of(contents[IMAGE])
    before = (root / IMAGE).read_bytes()
    for wrong in (contents[IMAGE].replace(b"image", b"IMAGE"), contents[IMAGE] + b"x", b""):
        lfs.objects[oid] = wrong
        rows = {row.file: row for row in pull(root, allow_private=[lfs.host])}
        assert rows[IMAGE].state is State.FAILED
        assert "secret" not in rows[IMAGE].reason
        assert (root / IMAGE).read_bytes() == before
        assert hidden(root) == []


@pytest.mark.parametrize("forgets", [False, True])
def test_a_table_that_breaks_off_is_gone_on_with(root: Path, lfs: Lfs, forgets: bool) -> None:
    contents = make_clone(root, lfs)
    oid = oid_of(contents[IMAGE])
    lfs.cut[oid] = 10
    lfs.forgets_ranges = forgets
    rows = pull(root, allow_private=[lfs.host])
    assert states(rows)[IMAGE] is State.FETCHED
    assert (root / IMAGE).read_bytes() == contents[IMAGE]
    asked = [headers.get("Range") for path, headers in lfs.gets if oid in path]
    assert asked == [None, "bytes=10-"]


def test_a_kill_leaves_the_pointer_and_the_next_run_goes_on(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    content = table("image", 100_000)
    (root / IMAGE).write_text(lfs.add(content))
    oid = oid_of(content)
    before = (root / IMAGE).read_bytes()
    lfs.hang[oid] = 1_000_000
    code = (
        "import sys; from pentad.sources.emm1.pull import pull; "
        "pull(sys.argv[1], allow_private=[sys.argv[2]])"
    )
    running = subprocess.Popen([sys.executable, "-c", code, str(root), lfs.host])
    assert lfs.hanging.wait(60)
    part = (root / IMAGE).with_name(".image.csv.part")
    while not part.exists() or part.stat().st_size < 500_000:
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert (root / IMAGE).read_bytes() == before
    rows = pull(root, allow_private=[lfs.host])
    assert states(rows)[IMAGE] is State.FETCHED
    assert (root / IMAGE).read_bytes() == content
    assert [
        int((h.get("Range") or "bytes=0-")[6:-1]) >= 500_000 for p, h in lfs.gets if oid in p
    ] == [
        False,
        True,
    ]
    assert hidden(root) == []


def test_objects_may_lie_on_another_host_with_headers_of_their_own(root: Path, lfs: Lfs) -> None:
    with serving() as store:
        contents = make_clone(root, lfs)
        store.objects = lfs.objects
        lfs.action_base = store.url
        lfs.action_headers = {"Authorization": "RemoteAuth once", "X-Part": "7"}
        rows = pull(root, allow_private=[lfs.host, store.host])
        assert set(states(rows).values()) == {State.FETCHED}
        assert lfs.gets == []
        assert len(store.gets) == len(rows)
        for _, headers in store.gets:
            assert headers["Authorization"] == "RemoteAuth once"
            assert headers["X-Part"] == "7"
        assert (root / IMAGE).read_bytes() == contents[IMAGE]


def test_our_own_token_stays_with_its_server(lfs: Lfs) -> None:
    oid = lfs.add(b"x" * 10).split()[3].removeprefix("sha256:")
    endpoint = Endpoint(f"{lfs.url}/owner/e-mm1.git/info/lfs", "Basic mine")
    with Client(allow_private=[lfs.host]) as client:
        here = ask(client, endpoint, [Pointer(oid, 10)])[oid]
        lfs.action_base = "http://elsewhere.example:81"
        there = ask(client, endpoint, [Pointer(oid, 10)])[oid]
    assert isinstance(here, Action)
    assert isinstance(there, Action)
    assert here.headers == {"Authorization": "Basic mine"}
    assert there.headers == {}
    assert lfs.posts[0]["Authorization"] == "Basic mine"
    assert "secret" not in repr(here)


def test_objects_are_asked_for_a_hundred_at_a_time(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs, ranks=230)
    rows = pull(root, nn=range(1, 231), allow_private=[lfs.host])
    assert set(states(rows).values()) == {State.FETCHED}
    assert [len(lot) for lot in lfs.lots] == [100, 100, 35]


def test_equal_tables_are_asked_for_once(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    twin = "datasets/e-mm1_100m/infos/video.csv"
    shutil.copy(root / IMAGE, root / twin)
    pull(root, allow_private=[lfs.host])
    assert (root / twin).read_bytes() == (root / IMAGE).read_bytes() == contents[IMAGE]
    assert len(lfs.lots[0]) == len(set(lfs.lots[0]))


def test_an_address_that_has_run_out_is_asked_for_again(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    oid = oid_of(contents[NN_1])
    lfs.stale.add(oid)
    assert states(pull(root, allow_private=[lfs.host]))[NN_1] is State.FETCHED
    assert lfs.lots[1] == [oid]
    assert [path.rpartition("secret")[2] for path, _ in lfs.gets if oid in path] == ["1", "2"]


def test_too_little_room_is_said_before_anything_is_fetched(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    (root / IMAGE).write_text(pointer_text("0" * 64, 9 * 10**14))
    with pytest.raises(StoreError, match=r"need 900000\.00 GB and .* GB are free"):
        pull(root, allow_private=[lfs.host])
    assert lfs.posts == []


@pytest.mark.parametrize("answer", [{"objects": "no"}, {"message": "hello"}, {"transfer": "tus"}])
def test_a_server_that_does_not_speak_the_api(root: Path, lfs: Lfs, answer: object) -> None:
    make_clone(root, lfs)
    lfs.answer = answer
    with pytest.raises(StoreError, match="not one of the Git LFS batch API"):
        pull(root, allow_private=[lfs.host])


def test_an_answer_that_leaves_objects_out_or_gives_no_address(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    oid = oid_of(contents[IMAGE])
    lfs.answer = {"objects": [{"oid": oid, "size": 1}, 7]}
    rows = {row.file: row.reason for row in pull(root, allow_private=[lfs.host])}
    assert "no address" in rows[IMAGE]
    assert "leaves it out" in rows[NN_1]


def test_an_action_of_an_odd_kind_is_not_followed(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    lfs.action_base = "file:///etc/passwd?"
    reasons = {row.reason for row in pull(root, allow_private=[lfs.host])}
    assert reasons == {"refused: the server sends to an address of kind 'file'"}


def test_a_repository_that_is_not_there(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs, remote=f"{lfs.url}/nobody/nothing")
    with pytest.raises(StoreError, match=r"gives nothing to us \(not-found\).*--remote URL"):
        pull(root, allow_private=[lfs.host])


def test_a_private_server_must_be_named(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    with pytest.raises(FetchError, match="blocked-address"):
        pull(root)


def test_without_git_the_remote_must_be_given(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    shutil.rmtree(root / ".git")
    with pytest.raises(InputError, match="--remote URL"):
        pull(root, allow_private=[lfs.host])
    rows = pull(root, remote=lfs.remote, allow_private=[lfs.host])
    assert set(states(rows).values()) == {State.FETCHED}


def test_without_git_tables_that_are_there_need_no_remote(root: Path, lfs: Lfs) -> None:
    for name, content in make_clone(root, lfs).items():
        (root / name).write_bytes(content)
    shutil.rmtree(root / ".git")
    assert set(states(pull(root)).values()) == {State.THERE}


@pytest.mark.parametrize("make", [False, True])
def test_a_root_that_is_missing_or_empty(tmp_path: Path, make: bool) -> None:
    if make:
        (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match="GIT_LFS_SKIP_SMUDGE=1 git clone https://"):
        pull(tmp_path / "x")


def test_mistakes(root: Path, lfs: Lfs) -> None:
    make_clone(root, lfs)
    with pytest.raises(UnknownName, match="100m"):
        pull(root, splits=["100M"])
    with pytest.raises(InputError, match="drop --nn"):
        pull(root, splits=["1m"], nn=[1])
    with pytest.raises(InputError, match="nn_9 is not in this clone; got 1, 2, 3 there"):
        pull(root, nn=[9])
    (root / "datasets/e-mm1_1m/triplets.csv").unlink()
    with pytest.raises(InputError, match=r"triplets\.csv: this table is not in the clone"):
        pull(root, splits=["1m"])
    shutil.rmtree(root / "datasets/eshot")
    with pytest.raises(InputError, match="the eshot part of E-MM1 is not here"):
        pull(root, splits=["eshot"])


@pytest.mark.parametrize(
    "entry",
    [
        {"oid": ["x"]},
        {"oid": {"a": 1}},
        {"actions": "no"},
        {"actions": ["download"]},
        {"actions": {"download": "http://x/"}},
        {"actions": {"download": {"href": 5}}},
        {"actions": {"download": {"href": "http://["}}},
        {"actions": {"download": {"href": "https://h:99999/x"}}},
        {"actions": {"download": {"href": "gopher://h/x"}}},
        {"actions": {"download": {"href": "file:///etc/passwd"}}},
        {"actions": {"download": {"href": "https://me:secret@h.org/x"}}},
        {"actions": {"download": {"href": "http://169.254.169.254/latest", "header": "no"}}},
        {"actions": {"download": {"href": "http://127.0.0.1:1/x", "header": ["no"]}}},
        {"actions": {"download": {"href": "/x", "header": {"X": "a\r\nsecret: y"}}}},
        {"error": {"code": {"a": 1}, "message": ["\x1b[31m"]}},
    ],
)
def test_answers_that_make_no_sense_are_reasons(
    root: Path, lfs: Lfs, entry: dict[str, object]
) -> None:
    contents = make_clone(root, lfs)
    pointer = (root / IMAGE).read_bytes()
    lfs.answer = {"objects": [{"oid": oid_of(contents[IMAGE]), "size": 1} | entry]}
    rows = {row.file: row for row in pull(root, allow_private=[lfs.host])}
    assert rows[IMAGE].state is State.FAILED
    assert rows[IMAGE].reason.isprintable()
    assert "secret" not in rows[IMAGE].reason
    assert (root / IMAGE).read_bytes() == pointer
    assert lfs.gets == []


def test_a_server_may_not_say_how_we_ask(lfs: Lfs) -> None:
    oid = lfs.add(b"x" * 10).split()[3].removeprefix("sha256:")
    lfs.action_headers = {
        "host": "inside.example", "Transfer-Encoding": "chunked", "Range": "bytes=5-",
        "Accept-Encoding": "br", "User-Agent": "another", "X-Token": "t",
    }  # fmt: skip
    with Client(allow_private=[lfs.host]) as client:
        found = ask(client, Endpoint(f"{lfs.url}/owner/e-mm1.git/info/lfs"), [Pointer(oid, 10)])
    action = found[oid]
    assert isinstance(action, Action)
    assert action.headers == {"X-Token": "t"}


def test_a_redirect_gets_no_token_and_leads_to_no_private_address(lfs: Lfs, tmp_path: Path) -> None:
    with serving() as other:
        body = b"x" * 10
        oid = other.add(body).split()[3].removeprefix("sha256:")
        lfs.moved[f"/objects/{oid}"] = f"{other.url}/objects/{oid}"
        url, headers = f"{lfs.url}/objects/{oid}", {"Authorization": "Basic mine"}
        with Client(allow_private=[lfs.host], retries=0) as client, pytest.raises(FetchError) as no:
            client.fetch(url, tmp_path / "x", headers=headers)
        assert no.value.reason is FetchReason.BLOCKED_ADDRESS
        assert other.gets == []
        with Client(allow_private=[lfs.host, other.host], retries=0) as client:
            client.fetch(url, tmp_path / "x", sha256=oid, headers=headers, robots=False)
        assert (tmp_path / "x").read_bytes() == body
        assert all("Authorization" not in headers for _, headers in other.gets)


def test_two_at_once_do_not_mix_a_table(root: Path, lfs: Lfs) -> None:
    contents = make_clone(root, lfs)
    lfs.hang[oid_of(contents[IMAGE])] = 10
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(pull, root, allow_private=[lfs.host])
        assert lfs.hanging.wait(60)
        with pytest.raises(StoreError, match="another process is fetching this file"):
            pull(root, allow_private=[lfs.host])
        lfs.released.set()
        assert states(first.result())[IMAGE] is State.FETCHED
    assert (root / IMAGE).read_bytes() == contents[IMAGE]
    assert hidden(root) == []
