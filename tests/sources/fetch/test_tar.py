from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.handlers.archive import TarBatch
from pentad.sources.fetch.handlers.wanted import NameRule, Wanted
from pentad.sources.fetch.hub import Hub
from pentad.sources.fetch.jobs import Task
from pentad.sources.fetch.places import Places
from pentad.sources.fetch.placing import Rules
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Handler, Site, content, cut, send, status
from tests.sources.fetch.work import Outcomes, files, job, run_batch, task

NPY = b"\x93NUMPY\x01\x00"


def cloud(name: object, size: int = 1000) -> bytes:
    return NPY + f"{name};".encode() * size


def make_tar(members: dict[str, bytes], *more: tarfile.TarInfo, packed: bool = True) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if packed else "w") as archive:
        for info in more:
            archive.addfile(info)
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def fetch(client: Client, tasks: list[Task], *locations: str, limit: int = 1 << 24) -> Outcomes:
    wanted = Wanted(tasks, NameRule("{file_id}.npy"))
    places = Places(client, Hub(client, endpoint="https://hub.invalid"))
    return run_batch(TarBatch("Objaverse", wanted, places, locations, Rules("points", limit)))


def clouds(root: Path, *names: str) -> list[Task]:
    return [
        task(root, job(n, "Objaverse", "points", file_id=name, file_name=f"{name}.npy"))
        for n, name in enumerate(names)
    ]


@pytest.mark.parametrize("packed", [True, False])
def test_members_are_taken_out_of_one_pass(
    client: Client, site: Site, tmp_path: Path, packed: bool
) -> None:
    bodies = {f"Objaverse/000-000/{n:03d}.npy": cloud(n) for n in range(40)}
    url = site.add("/a.tar", content(make_tar(bodies, packed=packed)))
    outcomes = fetch(client, clouds(tmp_path, "003", "020", "039", "missing"), url)
    assert outcomes.reasons() == {0: "got", 1: "got", 2: "got", 3: "member-missing"}
    assert files(tmp_path)["shared/points/020.npy"] == cloud(20)
    assert len(files(tmp_path)) == 3
    assert len(site.asked) == 1


def test_archives_are_searched_until_all_is_found(
    client: Client, site: Site, tmp_path: Path
) -> None:
    urls = [site.add(f"/{n}.tar.gz", content(make_tar({f"{n}.npy": cloud(n)}))) for n in range(4)]
    assert fetch(client, clouds(tmp_path, "0", "2"), *urls).reasons() == {0: "got", 1: "got"}
    assert site.paths() == ["/0.tar.gz", "/1.tar.gz", "/2.tar.gz"]


def test_local_archives_do_as_well(client: Client, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.tar.gz").write_bytes(make_tar({"x.npy": cloud("x")}))
    assert fetch(client, clouds(tmp_path, "x"), str(tmp_path / "data")).reasons() == {0: "got"}


def test_a_connection_that_breaks_is_taken_up_again(
    client: Client, site: Site, tmp_path: Path
) -> None:
    body = make_tar({f"{n}.npy": cloud(n, 30_000) for n in range(10)}, packed=False)
    serve = content(body, ETag='"v"')
    url = site.add("/a.tar", cut(body, 150_000, ETag='"v"'), serve)
    assert set(fetch(client, clouds(tmp_path, "0", "9"), url).reasons().values()) == {"got"}
    assert len(site.asked) == 2


def test_what_came_before_a_break_is_kept_and_the_rest_is_tried_again(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    body = make_tar({f"{n}.npy": cloud(n, 30_000) for n in range(10)}, packed=False)
    outcomes = fetch(
        make_client(retries=0), clouds(tmp_path, "0", "5", "9"), site.add("/a", cut(body, 330_000))
    )
    assert outcomes.reasons() == {0: "got", 1: "truncated", 2: "truncated"}
    assert outcomes.error(2).retriable
    assert files(tmp_path).keys() == {"shared/points/0.npy"}


def _special(kind: bytes, name: str, to: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


def test_hostile_members_are_passed_over(client: Client, site: Site, tmp_path: Path) -> None:
    hostile = [
        _special(tarfile.SYMTYPE, "x.npy", "/etc/passwd"),
        _special(tarfile.LNKTYPE, "x.npy", "../../etc/passwd"),
        _special(tarfile.CHRTYPE, "x.npy"),
        _special(tarfile.FIFOTYPE, "x.npy"),
        _special(tarfile.DIRTYPE, "../x.npy"),
    ]
    members = {"../y.npy": cloud("y"), "/tmp/z.npy": cloud("z"), "a/../../w.npy": cloud("w")}
    url = site.add("/a", content(make_tar(members, *hostile)))
    out = tmp_path / "a" / "b"
    outcomes = fetch(client, clouds(out, "x", "y", "z", "w"), url)
    assert outcomes.reasons() == {0: "member-missing", 1: "got", 2: "got", 3: "got"}
    assert {Path(name).parent.as_posix() for name in files(tmp_path)} == {"a/b/shared/points"}


def test_a_member_that_is_too_large_ends_its_archive(
    client: Client, site: Site, tmp_path: Path
) -> None:
    members = {"0.npy": cloud(0), "big.npy": bytes(3_000_000), "1.npy": cloud(1)}
    url = site.add("/a", content(make_tar(members)))
    outcomes = fetch(client, clouds(tmp_path, "0", "1"), url, limit=1_000_000)
    assert outcomes.reasons() == {0: "got", 1: "bad-archive"}


def test_a_header_that_states_gigabytes_is_not_read_into_memory(
    client: Client, site: Site, tmp_path: Path
) -> None:
    """A long name or a table of attributes is read as a whole by whoever believes its size."""
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE):
        info = _special(kind, "long")
        info.size = 4_000_000_000
        body = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(5_000_000))
        outcomes = fetch(client, clouds(tmp_path, "x"), site.add("/a", content(body)))
        assert outcomes.reasons() == {0: "bad-archive"}
        assert "a header of" in outcomes.error(0).detail


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_archive_does_not_look_complete(
    client: Client, site: Site, tmp_path: Path, packed: bool
) -> None:
    body = bytearray(make_tar({f"{n}.npy": cloud(n) for n in range(5)}, packed=False))
    place = body.index(b"3.npy")
    body[place : place + 200] = b"\xff" * 200
    sent = gzip.compress(bytes(body)) if packed else bytes(body)
    outcomes = fetch(client, clouds(tmp_path, "1", "4"), site.add("/a", content(sent)))
    assert outcomes.reasons() == {0: "got", 1: "bad-archive"}


@pytest.mark.parametrize(
    "body", [b"<html>no archive</html>" * 50, b"\x1f\x8b no gzip", b"", bytes(range(256)) * 10]
)
def test_what_is_no_archive_is_refused(
    client: Client, site: Site, tmp_path: Path, body: bytes
) -> None:
    outcomes = fetch(client, clouds(tmp_path, "x"), site.add("/a", content(body)))
    assert outcomes.reasons() == {0: "bad-archive"}


def test_a_truncated_gzip_is_refused(client: Client, site: Site, tmp_path: Path) -> None:
    body = make_tar({f"{n}.npy": cloud(n, 5000) for n in range(50)})
    url = site.add("/a", content(body[: len(body) // 2]))
    assert fetch(client, clouds(tmp_path, "49"), url).reasons() == {0: "bad-archive"}


def test_an_archive_that_is_gone_is_the_reason_of_its_items(
    client: Client, site: Site, tmp_path: Path
) -> None:
    url = site.add("/a", status(404))
    assert fetch(client, clouds(tmp_path, "x"), url).reasons() == {0: "not-found"}


def test_the_server_is_left_once_all_is_found(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    start = make_tar({"x.npy": cloud("x")}, packed=False)[:-1024]
    entry = tarfile.TarInfo("y.npy")
    entry.size = 1 << 40

    def endless(handler: Handler) -> None:
        send(handler, 200, start.rstrip(b"\0"), Content_Length=str(1 << 41))
        handler.wfile.write(bytes(-len(start.rstrip(b"\0")) % 512) + entry.tobuf())
        while not site.closing.is_set():
            handler.wfile.write(bytes(1 << 16))

    outcomes = fetch(make_client(), clouds(tmp_path, "x"), site.add("/a", endless))
    assert outcomes.reasons() == {0: "got"}


def header(kind: bytes, size: int = 0, *, sparse: bool = False, name: bytes = b"x") -> bytes:
    """One block, as tar writes it before each member."""
    block = bytearray(tarfile.TarInfo(name.decode()).tobuf(tarfile.USTAR_FORMAT)[:512])
    block[124:136], block[156:157] = b"%011o\0" % size, kind
    if sparse:
        block[257:265], block[482], block[483:495] = b"ustar  \0", 1, b"%011o\0" % 0
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def records(pairs: dict[str, str]) -> bytes:
    """What pax writes in a header of its own, padded."""
    data = b""
    for name, value in pairs.items():
        rest = f" {name}={value}\n".encode()
        size = len(rest) + len(str(len(rest)))
        data += str(size + (len(str(size)) > len(str(len(rest))))).encode() + rest
    return data + bytes(-len(data) % 512)


def _bombs() -> dict[str, bytes]:
    more = bytearray(b"00000000001\0" * 42 + bytes(8))
    more[504] = 1
    many = records({f"k{n}": "v" * 900 for n in range(900)})
    return {
        "a map of holes that goes on": header(b"S", sparse=True) + bytes(more) * 20_000,
        "pax after pax": (header(b"x", len(many)) + many) * 40,
        "long name after long name": (header(b"L", 1 << 20) + bytes(1 << 20)) * 40,
        "link name after long name": (header(b"K", 1 << 20) + bytes(1 << 20)) * 40,
    }


@pytest.mark.parametrize("name", _bombs())
def test_headers_without_end_are_given_up(
    client: Client, site: Site, tmp_path: Path, name: str
) -> None:
    """Packed, they are a thousandth of the memory that they would take."""
    url = site.add("/c.tar.gz", content(gzip.compress(_bombs()[name], 1)))
    outcomes = fetch(client, clouds(tmp_path, "a"), url)
    assert outcomes.reasons() == {0: "bad-archive"}
    assert "headers that never end" in str(outcomes.error(0))


def test_what_holds_for_all_members_does_not_gather(
    client: Client, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    real = tarfile.TarFile.next

    def watched(self: tarfile.TarFile) -> tarfile.TarInfo | None:
        found = real(self)
        kept.append(len(self.pax_headers))
        return found

    monkeypatch.setattr(tarfile.TarFile, "next", watched)
    body = b"".join(
        header(b"g", len(data)) + data + header(b"0", name=f"m{n}".encode())
        for n in range(50)
        if (data := records({f"k{n}": "v"}))
    )
    fetch(client, clouds(tmp_path, "a"), site.add("/c.tar", content(body + bytes(1024))))
    assert max(kept) <= 2


@pytest.mark.parametrize(
    "pairs",
    [{"size": "-5000"}, {"size": "9" * 5000}, {"size": "nan"}, {"size": "1e9"}, {"mtime": "nan"},
     {"GNU.sparse.map": "a,b"}, {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
     {"path": "../../x\0"}, {"hdrcharset": "BINARY", "path": "\u00ff"}, {"uid": "1e999"}],
)  # fmt: skip
def test_odd_pax_headers_are_no_trap(
    client: Client, site: Site, tmp_path: Path, pairs: dict[str, str]
) -> None:
    data = records(pairs)
    body = header(b"x", len(data)) + data + header(b"0", 5) + b"hello" + bytes(507)
    url = site.add("/c.tar", content(body + make_tar({"a.npy": cloud("a")}, packed=False)))
    fetch(client, clouds(tmp_path / "out", "a"), url)
    found = files(tmp_path / "out")
    assert found in ({}, {"shared/points/a.npy": cloud("a")})
    assert [path.name for path in tmp_path.iterdir() if path.name != "out"] == []


def test_changed_bytes_never_do_more_than_refuse(client: Client, tmp_path: Path) -> None:
    import random

    from pentad.sources.fetch.errors import FetchError
    from pentad.sources.fetch.handlers.tar_members import tar_members

    good = make_tar({"a.npy": b"x" * 700, "ü" * 60: b"y" * 700, "b" * 150: b""}, packed=False)
    chance = random.Random(0)
    refused = 0
    for _ in range(500):
        changed = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(good))] = chance.randrange(256)
        try:
            for _, chunks in tar_members(io.BufferedReader(io.BytesIO(changed)), "a", 1 << 20):
                list(chunks)
        except FetchError:
            refused += 1
    assert refused > 50
