"""What a server can do below the level of requests: drip, flood, lie about lengths, hang up."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Site, cut, redirect, send, whole

Talk = Callable[[socket.socket, threading.Event], None]
HEAD = b"HTTP/1.1 200 OK\r\n"


class Wire:
    """A server that says just what it is told to, to everybody who connects."""

    def __init__(self, talk: Talk) -> None:
        self.over = threading.Event()
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                thread = threading.Thread(target=self._serve, args=self._listener.accept()[:1])
                thread.daemon = True
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            self._talk(connection, self.over)

    def close(self) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def wire() -> Iterator[Callable[[Talk], Wire]]:
    with contextlib.ExitStack() as stack:

        def make(talk: Talk) -> Wire:
            made = Wire(talk)
            stack.callback(made.close)
            return made

        yield make


def says(*pieces: bytes) -> Talk:
    return lambda connection, over: connection.sendall(b"".join(pieces))


def endless(start: bytes, again: bytes) -> Talk:
    """Say something, and then something else for as long as anybody listens."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(again)

    return talk


def drip(start: bytes, again: bytes) -> Talk:
    """Say something, and then something else, bit by bit."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(0.02):
            connection.sendall(again)

    return talk


def refusal(wire: Wire, to: Path, *, timeout: float = 5.0, kind: str | None = None) -> FetchError:
    """Fetch once, in vain."""
    with (
        Client(
            timeout=timeout, retries=0, respect_robots=False, allow_private={wire.place}
        ) as client,
        pytest.raises(FetchError) as error,
    ):
        client.fetch(f"http://{wire.place}/x", to, kind=kind)
    assert not list(to.parent.iterdir())
    return error.value


def fetched(wire: Wire, to: Path) -> bytes:
    with Client(retries=0, respect_robots=False, allow_private={wire.place}) as client:
        client.fetch(f"http://{wire.place}/x", to)
    return to.read_bytes()


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"HTTP/1.1 200 O", b"K"),
        (HEAD, b"X: y\r\n"),
        (HEAD + b"X: ", b"y"),
        (CHUNKED + b"1;", b"x"),
        (CHUNKED + b"0\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"),
    ],
)
def test_who_drips_is_given_up_wherever_it_drips(
    wire: Callable[[Talk], Wire], tmp_path: Path, start: bytes, again: bytes
) -> None:
    """Each byte is in time, and without a bound of its own the whole would take for ever."""
    error = refusal(wire(drip(start, again)), tmp_path / "x", timeout=0.2)
    assert error.retriable
    if b"X: y" not in again:  # a hundred headers may come sooner than the time is up
        assert error.reason is FetchReason.TIMEOUT


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (HEAD, b"X: y\r\n" * 10),
        (HEAD, b"X: " + b"y" * 1000 + b"\r\n"),
        (HEAD + b"X: ", b"y" * 1000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10),
        (b"", b"x" * 1000),
        (CHUNKED + b"1;", b"x" * 1000),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 100),
        (CHUNKED, b"0" * 1000),
    ],
)
def test_who_floods_is_given_up(
    wire: Callable[[Talk], Wire], tmp_path: Path, start: bytes, again: bytes
) -> None:
    reason = refusal(wire(endless(start, again)), tmp_path / "x").reason
    assert reason in (FetchReason.CONNECTION, FetchReason.TRUNCATED)


def test_many_small_pieces_are_no_flood(wire: Callable[[Talk], Wire], tmp_path: Path) -> None:
    """More than a megabyte of lines between chunks, and something with each."""
    body = CHUNKED + b"1;\r\nx\r\n" * 300_000 + b"0\r\n\r\n"
    assert fetched(wire(says(body)), tmp_path / "x") == b"x" * 300_000


def test_a_body_without_an_end_is_stopped_at_the_limit(
    wire: Callable[[Talk], Wire], tmp_path: Path
) -> None:
    server = wire(endless(HEAD + b"\r\n", b"x" * 65536))
    with Client(retries=0, respect_robots=False, allow_private={server.place}) as client:
        with pytest.raises(FetchError) as error:
            client.fetch(f"http://{server.place}/x", tmp_path / "x", max_bytes=1 << 20)
        with pytest.raises(FetchError) as other:
            client.request_json("GET", f"http://{server.place}/x")
    assert error.value.reason is other.value.reason is FetchReason.TOO_LARGE
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (b"Content-Length: 10\r\n", "truncated"),
        (b"Content-Length: 4, 5\r\n", "connection-failed"),
        (b"Content-Length: 4\r\nContent-Length: 5\r\n", "connection-failed"),
        (b"Content-Length: 99999999999999999999999\r\n", "truncated"),
        (b"Content-Length: 100000000000000000\r\n", "too-large"),
        (b"Transfer-Encoding: chunked\r\n", "truncated"),
        (b"Content-Range: bytes 0-3/4\r\nContent-Length: 9\r\n", "truncated"),
    ],
)
def test_lengths_that_lie(
    wire: Callable[[Talk], Wire], tmp_path: Path, headers: bytes, reason: str
) -> None:
    said = HEAD + headers + b"Connection: close\r\n\r\nbody"
    assert refusal(wire(says(said)), tmp_path / "x").reason.value == reason


@pytest.mark.parametrize("headers", [b"", b"Content-Length: -4\r\n", b"Content-Length: four\r\n"])
def test_a_length_that_is_none_is_passed_over(
    wire: Callable[[Talk], Wire], tmp_path: Path, headers: bytes
) -> None:
    said = HEAD + headers + b"Connection: close\r\n\r\nbody"
    assert fetched(wire(says(said)), tmp_path / "x") == b"body"


def test_what_follows_the_stated_length_is_no_content(
    wire: Callable[[Talk], Wire], tmp_path: Path
) -> None:
    more = HEAD + b"Content-Length: 4\r\n\r\nevil"
    server = wire(says(HEAD, b"Content-Length: 4\r\n\r\nbody", more))
    with Client(retries=0, respect_robots=False, allow_private={server.place}) as client:
        for name in ("a", "b"):
            client.fetch(f"http://{server.place}/{name}", tmp_path / name)
            assert (tmp_path / name).read_bytes() == b"body"


@pytest.mark.parametrize(
    "said", [b"", b"\0\1\2", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\r\n\r\n"]
)
def test_what_is_no_answer(wire: Callable[[Talk], Wire], tmp_path: Path, said: bytes) -> None:
    assert refusal(wire(says(said)), tmp_path / "x").reason is FetchReason.CONNECTION


def test_a_connection_that_is_reset(wire: Callable[[Talk], Wire], tmp_path: Path) -> None:
    def reset(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nbody")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert refusal(wire(reset), tmp_path / "x").reason is FetchReason.TRUNCATED


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 O", HEAD + b"\r\n"])
def test_stopping_ends_a_drip(wire: Callable[[Talk], Wire], tmp_path: Path, start: bytes) -> None:
    server = wire(drip(start, b"K"))
    client = Client(timeout=60, retries=0, respect_robots=False, allow_private={server.place})
    timer = threading.Timer(0.1, client.stop)
    timer.start()
    with client, pytest.raises(FetchError) as error:
        client.fetch(f"http://{server.place}/x", tmp_path / "x")
    timer.join()
    assert error.value.reason is FetchReason.CANCELED


# ----------------------------------------------------------------------------------- packed bodies


def packed(encoding: bytes) -> bytes:
    return HEAD + b"Connection: close\r\nContent-Encoding: " + encoding + b"\r\n\r\n"


TEXT = b"content " * 40_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(TEXT, mtime=0)),
        (b"GZip", gzip.compress(TEXT[:9], mtime=0) + gzip.compress(TEXT[9:], mtime=0)),
        (b"x-gzip", gzip.compress(TEXT, mtime=0) + b"what some servers add"),
        (b"deflate", zlib.compress(TEXT)),
        (b"deflate", zlib.compress(TEXT)[2:-4]),
        (b"utf-8", TEXT),
        (b"identity", TEXT),
    ],
)
def test_a_packed_body_is_unpacked(
    wire: Callable[[Talk], Wire], tmp_path: Path, encoding: bytes, body: bytes
) -> None:
    assert fetched(wire(says(packed(encoding), body)), tmp_path / "x") == TEXT


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        (b"gzip", gzip.compress(TEXT, mtime=0)[:-9], "truncated"),
        (b"deflate", zlib.compress(TEXT)[:-9], "truncated"),
        (b"gzip", gzip.compress(b"", mtime=0)[:10] + b"\x07", "bad-answer"),
        (b"gzip", b"no gzip at all", "bad-answer"),
        (b"br", b"x", "bad-answer"),
        (b"zstd", b"x", "bad-answer"),
        (b"gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0), "bad-answer"),
    ],
)
def test_a_packed_body_that_cannot_be_used(
    wire: Callable[[Talk], Wire], tmp_path: Path, encoding: bytes, body: bytes, reason: str
) -> None:
    server = wire(says(packed(encoding), body))
    assert refusal(server, tmp_path / "x").reason.value == reason


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"", gzip.compress(b"", mtime=0)),
        (gzip.compress(b"", mtime=0)[:10], b"\0\0\0\xff\xff" * 1000),
        (b"\x1f\x8b\x08\x08" + bytes(6), b"name" * 1000),
    ],
)
def test_packing_without_content_is_given_up(
    wire: Callable[[Talk], Wire], tmp_path: Path, start: bytes, again: bytes
) -> None:
    """No limit on the content would ever be reached."""
    server = wire(endless(packed(b"gzip") + start, again * 100))
    assert refusal(server, tmp_path / "x").reason is FetchReason.BAD_ANSWER


# ------------------------------------------------------------------------------------ going on


BODY = bytes(range(256)) * 40


def part(body: bytes, start: int, end: int, total: int, **headers: str) -> object:
    place = f"bytes {start}-{end - 1}/{total}"
    return lambda handler: send(handler, 206, body[start:end], Content_Range=place, **headers)


def test_a_last_part_that_is_not_the_last_is_no_whole_file(
    client: Client, site: Site, tmp_path: Path
) -> None:
    """Only the total in the header says that something is missing."""
    first, rest = cut(BODY, 1000, ETag='"1"'), part(BODY, 1000, 2000, len(BODY), ETag='"1"')
    with pytest.raises(FetchError) as error:
        client.fetch(site.add("/x", first, rest), tmp_path / "x")  # type: ignore[arg-type]
    assert error.value.reason is FetchReason.BAD_ANSWER  # at last a part that nobody asked for
    assert not list(tmp_path.iterdir())


def test_a_file_may_come_in_many_parts(client: Client, site: Site, tmp_path: Path) -> None:
    parts = [
        part(BODY, start, min(start + 3000, len(BODY)), len(BODY), ETag='"1"')
        for start in range(1000, len(BODY), 3000)
    ]
    url = site.add("/x", cut(BODY, 1000, ETag='"1"'), *parts[:3])  # type: ignore[arg-type]
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "x")
    assert error.value.reason is FetchReason.TRUNCATED  # that many tries are not made at once
    site.add("/x", parts[3])  # type: ignore[arg-type]
    assert client.fetch(url, tmp_path / "x").resumed
    assert (tmp_path / "x").read_bytes() == BODY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"ETag": '"1"'}, {"ETag": '"2"'}),
        (
            {"Last_Modified": "Wed, 21 Oct 2015 07:28:00 GMT"},
            {"Last_Modified": "Thu, 22 Oct 2015 07:28:00 GMT"},
        ),
    ],
)
def test_a_server_that_ignores_conditions_is_found_out(
    client: Client, site: Site, tmp_path: Path, before: dict[str, str], after: dict[str, str]
) -> None:
    other = bytes(reversed(BODY))
    rest = part(other, 1000, len(BODY), len(BODY), **after)
    url = site.add("/x", cut(BODY, 1000, **before), rest, whole(other, **after))  # type: ignore[arg-type]
    client.fetch(url, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == other
    url = site.add("/y", cut(BODY, 1000, **before), rest)  # type: ignore[arg-type]
    with pytest.raises(FetchError) as error, client.open(url) as stream:
        stream.read()
    assert error.value.reason is FetchReason.CHANGED


def test_a_file_is_fetched_by_one_at_a_time(client: Client, site: Site, tmp_path: Path) -> None:
    from pentad.core.errors import StoreError
    from pentad.sources.fetch.partial import Partial

    url = site.add("/x", BODY)
    with (
        Partial(tmp_path / "x", url).held(),
        pytest.raises(StoreError, match="another process is fetching this file"),
    ):
        client.fetch(url, tmp_path / "x")
    client.fetch(url, tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


# ------------------------------------------------------------------------------------ and besides


def test_no_proxy_of_the_environment_is_asked(
    make_client: MakeClient, site: Site, other_site: Site, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other_site.url(""))
    make_client().fetch(site.add("/x", b"content"), tmp_path / "x")
    assert not other_site.asked


def test_a_redirect_may_be_written_in_utf_8(client: Client, site: Site, tmp_path: Path) -> None:
    site.add("/Stra%C3%9Fe.jpg", b"content")
    to = "/Straße.jpg".encode().decode("latin-1")
    client.fetch(site.add("/x", redirect(to)), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"content"


@pytest.mark.parametrize(
    "to", ["http://[", "http://h:99999/", "//", "http:///x", "http://h\\x", "http://a@b/", "\x7f"]
)
def test_a_redirect_to_what_is_no_address(
    client: Client, site: Site, tmp_path: Path, to: str
) -> None:
    with pytest.raises(FetchError) as error:
        client.fetch(site.add("/x", redirect(to)), tmp_path / "x")
    assert not error.value.retriable


@pytest.mark.parametrize("secret", ["Bearer secret\n", "Bearer secret\r\nX: y", "Bearer s\0ecret"])
def test_a_header_that_cannot_be_sent_is_not_shown(
    client: Client, site: Site, tmp_path: Path, secret: str
) -> None:
    url = site.add("/x", b"content")
    try:
        client.fetch(url, tmp_path / "x", headers={"Authorization": secret})
    except FetchError as error:
        assert "secret" not in f"{error!r} {error.__cause__!r} {error.detail}"  # noqa: PT017
    assert all("X" not in asked.headers for asked in site.asked)


def test_what_servers_say_cannot_steer_a_terminal() -> None:
    said = FetchError(FetchReason.REFUSED, "a\x1b[31m\udcff\n\x07" + "b" * 5000)
    assert said.detail.startswith(r"a\x1b[31m\udcff \x07b")
    assert len(said.detail) < 1100
    assert str(said).isprintable()
