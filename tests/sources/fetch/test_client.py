from __future__ import annotations

import errno
import hashlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pentad.core.errors import InputError, MissingExtra, StoreError
from pentad.sources.fetch.answers import retry_after
from pentad.sources.fetch.client import Client, default_user_agent
from pentad.sources.fetch.errors import FetchError, FetchReason
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import (
    Handler,
    Site,
    content,
    cut,
    redirect,
    send,
    silent,
    slow,
    status,
    whole,
)

PICTURE = b"\xff\xd8\xff\xe0" + b"picture" * 100


def test_a_file_comes_whole_with_its_hash(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/a.jpg", content(PICTURE, Content_Type="image/jpeg; q=1"))
    came = client.fetch(url, tmp_path / "deep" / "a.jpg", kind="image")
    assert (tmp_path / "deep" / "a.jpg").read_bytes() == PICTURE
    assert came.bytes == len(PICTURE)
    assert came.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert (came.status, came.content_type, came.resumed) == (200, "image/jpeg", False)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.jpg"]


def test_requests_go_by_an_honest_name(site: Site, make_client: MakeClient, tmp_path: Path) -> None:
    site.add("/a", b"x")
    make_client().fetch(site.url("/a"), tmp_path / "a")
    make_client(contact="mailto:me@example.org").fetch(site.url("/a"), tmp_path / "a")
    named = [asked.headers["User-Agent"] for asked in site.asked if asked.path == "/a"]
    assert named == [default_user_agent(), default_user_agent("mailto:me@example.org")]
    assert named[1].startswith("pentad/")
    assert named[1].endswith(" (+mailto:me@example.org)")
    with pytest.raises(InputError, match="contact"):
        default_user_agent("a\r\nX-Evil: 1")


@pytest.mark.parametrize(
    ("code", "reason", "times"),
    [(404, "not-found", 1), (410, "gone", 1), (403, "forbidden", 1), (401, "forbidden", 1),
     (451, "forbidden", 1), (400, "refused", 1), (418, "refused", 1), (500, "server-error", 3),
     (503, "server-error", 3), (429, "rate-limited", 3), (204, "bad-answer", 1),
     (304, "bad-answer", 1)],
)  # fmt: skip
def test_what_statuses_mean_and_which_are_tried_again(
    make_client: MakeClient, site: Site, tmp_path: Path, code: int, reason: str, times: int
) -> None:
    body = b"" if code in (204, 304) else b"no"
    url = site.add("/x", lambda handler: send(handler, code, body))
    with pytest.raises(FetchError, match=str(code)) as error:
        make_client(retries=2).fetch(url, tmp_path / "x")
    assert error.value.reason.value == reason
    assert error.value.retriable == (times > 1)
    assert len(site.paths()) == times
    assert not list(tmp_path.iterdir())


def test_a_server_that_recovers_is_asked_again(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/x", status(500), status(502), status(503, Retry_After="0"), b"content")
    client.fetch(url, tmp_path / "x")
    assert len(site.paths()) == 4


def test_retry_after_is_kept_to(
    client: Client, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(client._gate, "sleep", waited.append)
    monkeypatch.setattr(client._gate, "hold_off", lambda host, seconds: waited.append(seconds))
    url = site.add("/x", status(429, Retry_After="7"), status(503, Retry_After="9"), b"content")
    client.fetch(url, tmp_path / "x")
    assert waited == [7.0, 7.0, 9.0, 9.0]


def test_a_server_that_asks_for_too_long_a_wait_is_given_up(
    client: Client, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", status(429, Retry_After="3600"))
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "x")
    assert (error.value.reason, error.value.wait) == (FetchReason.RATE_LIMITED, 3600.0)
    assert len(site.paths()) == 1


def test_retry_after_may_be_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < (retry_after({"Retry-After": format_datetime(soon, usegmt=True)}) or 0) <= 30
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    for text in ("", "soon", "-5", "9" * 30, "Wed, 99 Foo 2015"):
        assert retry_after({"Retry-After": text}) is None


def test_a_silent_server_is_a_timeout(make_client: MakeClient, site: Site, tmp_path: Path) -> None:
    url = site.add("/x", silent(site, 5))
    client = make_client(timeout=0.1, retries=1, respect_robots=False)
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "x")
    assert error.value.reason is FetchReason.TIMEOUT
    assert len(site.asked) == 2


def test_a_server_that_drips_is_given_up(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    def drip(handler: Handler) -> None:
        send(handler, 200, b"", Content_Length="1000000")
        while not site.closing.wait(0.02):
            handler.wfile.write(b".")

    client = make_client(timeout=0.2, retries=0, respect_robots=False)
    with pytest.raises(FetchError, match="slower than"):
        client.fetch(site.add("/x", drip), tmp_path / "x")


def test_nobody_listens(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(allow_private={"127.0.0.1:1"}, retries=1, respect_robots=False)
    with pytest.raises(FetchError) as error:
        client.fetch("http://127.0.0.1:1/x", tmp_path / "x")
    assert error.value.reason is FetchReason.CONNECTION


def test_a_host_that_does_not_exist(make_client: MakeClient, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"nowhere\.invalid") as error:
        make_client(respect_robots=False).fetch("http://nowhere.invalid/x", tmp_path / "x")
    assert error.value.reason in (FetchReason.UNKNOWN_HOST, FetchReason.CONNECTION)


def test_a_body_that_breaks_off_is_no_file(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", cut(PICTURE, 100))
    with pytest.raises(FetchError) as error:
        make_client(retries=1).fetch(url, tmp_path / "x")
    assert error.value.reason is FetchReason.TRUNCATED
    assert not list(tmp_path.iterdir())  # without a version there is nothing to build upon


def test_a_chunked_body_that_breaks_off_is_no_file(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"5\r\nhello\r\n")
        handler.close_connection = True

    with pytest.raises(FetchError) as error:
        make_client(retries=0).fetch(site.add("/x", answer), tmp_path / "x")
    assert error.value.reason is FetchReason.TRUNCATED


def test_what_is_too_large_is_refused_before_and_while_it_comes(
    client: Client, site: Site, tmp_path: Path
) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        while not site.closing.is_set():
            handler.wfile.write(bytes(1 << 16))

    for url in (site.add("/stated", PICTURE), site.add("/endless", endless)):
        with pytest.raises(FetchError) as error:
            client.fetch(url, tmp_path / "x", max_bytes=500)
        assert error.value.reason is FetchReason.TOO_LARGE
    assert not list(tmp_path.iterdir())


def test_a_compressed_answer_is_unpacked_and_bounded(
    client: Client, site: Site, tmp_path: Path
) -> None:
    import gzip

    packed = gzip.compress(bytes(3_000_000))
    url = site.add("/x", whole(packed, Content_Encoding="gzip"))
    client.fetch(url, tmp_path / "x")
    assert (tmp_path / "x").stat().st_size == 3_000_000
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "y", max_bytes=1_000_000)
    assert error.value.reason is FetchReason.TOO_LARGE


def test_size_and_hash_that_are_known_are_checked(
    client: Client, site: Site, tmp_path: Path
) -> None:
    url, digest = site.add("/x", PICTURE), hashlib.sha256(PICTURE).hexdigest()
    client.fetch(url, tmp_path / "x", size=len(PICTURE), sha256=digest.upper())
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "y", sha256="0" * 64)
    assert error.value.reason is FetchReason.WRONG_HASH
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "y", size=5)
    assert error.value.reason is FetchReason.WRONG_SIZE
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"<!DOCTYPE html><title>Gone</title>", "wrong-content-type"), (b"", "empty"),
     (b"  <html>", "wrong-content-type"), (b"\x7fELF....", "wrong-content-type"),
     (b"RIFF1234WAVEfmt ", "wrong-content-type")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(
    client: Client, site: Site, tmp_path: Path, body: bytes, reason: str
) -> None:
    url = site.add("/a.jpg", whole(body, Content_Type="image/jpeg"))
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "a.jpg", kind="image")
    assert error.value.reason.value == reason
    assert not list(tmp_path.iterdir())


def test_an_earlier_file_stays_when_a_new_one_fails(
    client: Client, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(FetchError):
        client.fetch(site.add("/x", status(404)), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"old"


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_item(
    client: Client, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pentad.sources.fetch.partial.Partial.begin", full)
    with pytest.raises(StoreError, match="cannot be written"):
        client.fetch(site.add("/x", b"content"), tmp_path / "x")


def test_a_name_that_cannot_be_had_is_the_fault_of_the_item(
    client: Client, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    url = site.add("/x", b"content")
    for name in ("file/x", "folder", "n" * 300):
        with pytest.raises(FetchError) as error:
            client.fetch(url, tmp_path / name)
        assert error.value.reason is FetchReason.BAD_TARGET


def test_requests_at_a_time_to_a_host_are_bounded(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", slow(whole(b"content"), 0.03))
    client = make_client(per_host=2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: client.fetch(url, tmp_path / str(n)), range(12)))
    assert site.most_running == 2


def test_requests_per_second_to_a_host_are_bounded(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    import time

    client = make_client(rate=50, respect_robots=False)
    url, begun = site.add("/x", b"content"), time.monotonic()
    for _ in range(6):
        client.fetch(url, tmp_path / "x")
    assert time.monotonic() - begun >= 5 / 50


def test_stopping_ends_every_request(make_client: MakeClient, site: Site, tmp_path: Path) -> None:
    entered = threading.Event()

    def drip(handler: Handler) -> None:
        send(handler, 200, b"", Content_Length="1000000")
        while not site.closing.wait(0.01):
            handler.wfile.write(b"." * 100)
            entered.set()

    client = make_client(respect_robots=False)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.fetch, site.add("/x", drip), tmp_path / "x")
        assert entered.wait(5)
        client.stop()
        with pytest.raises(FetchError) as error:
            running.result(5)
    assert error.value.reason is FetchReason.CANCELED
    assert client.stopped
    assert not list(tmp_path.iterdir())


def test_json_is_sent_and_answered(client: Client, site: Site) -> None:
    url = site.add("/api", b'{"a": [1, 2]}')
    headers = {"Content-Type": "application/vnd.git-lfs+json", "Accept": "application/x"}
    assert client.request_json("POST", url, {"b": 1}, headers) == {"a": [1, 2]}
    assert client.request_json("GET", url) == {"a": [1, 2]}
    sent = site.asked[0]
    assert (sent.method, sent.body) == ("POST", b'{"b": 1}')
    assert sent.headers["Content-Type"] == headers["Content-Type"]
    assert sent.headers["Accept"] == headers["Accept"]


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_object_is_refused(client: Client, site: Site, body: bytes) -> None:
    with pytest.raises(FetchError) as error:
        client.request_json("GET", site.add("/api", body))
    assert error.value.reason is FetchReason.BAD_ANSWER


def test_what_is_sent_is_not_sent_on(client: Client, site: Site, other_site: Site) -> None:
    for url in (other_site.url("/x"), "/other"):
        with pytest.raises(FetchError):
            client.request_json("POST", site.add("/api", redirect(url)), {"token": "secret"})
    assert not other_site.asked


def test_limits_that_make_no_sense_are_refused() -> None:
    for wrong in ({"timeout": 0}, {"retries": -1}, {"per_host": 0}, {"rate": 0}, {"max_bytes": 0}):
        with pytest.raises(InputError):
            Client(**wrong)  # type: ignore[arg-type]


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "urllib3", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[download\]'"):
        Client()
