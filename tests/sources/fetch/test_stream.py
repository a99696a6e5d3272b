from __future__ import annotations

import io

import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.rangefile import RangeFile
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Handler, Site, content, cut, redirect, send, status, whole

BODY = bytes(range(256)) * 4096
ETAG = '"v1"'


def test_a_stream_is_read_like_a_file(client: Client, site: Site) -> None:
    url = site.add("/x", content(BODY))
    with client.open(url) as file:
        assert file.read(10) == BODY[:10]
        assert file.read() == BODY[10:]
    with client.open(url, start=100, end=200) as file:
        assert file.read() == BODY[100:200]
    with client.open(url, start=len(BODY) - 5) as file:
        assert file.read() == BODY[-5:]


def test_a_stream_survives_connections_that_break(client: Client, site: Site) -> None:
    def part(handler: Handler) -> None:
        start = int(handler.headers["Range"].removeprefix("bytes=").partition("-")[0])
        place = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        length = str(len(BODY) - start)
        rest = BODY[start : start + 300_000]
        send(handler, 206, rest, Content_Range=place, Content_Length=length, ETag=ETAG)
        handler.close_connection = True

    url = site.add("/x", cut(BODY, 70_000, ETag=ETAG), status(503), part)
    with client.open(url) as file:
        assert file.read() == BODY
    assert site.asked[-1].headers["If-Range"] == ETAG


def test_a_stream_does_not_go_on_with_other_content(client: Client, site: Site) -> None:
    url = site.add("/x", cut(BODY, 70_000, ETag=ETAG), content(BODY[::-1], ETag='"v2"'))
    with pytest.raises(FetchError) as error, client.open(url) as file:
        file.read()
    assert error.value.reason is FetchReason.CHANGED


def test_a_stream_without_a_version_is_not_gone_on_with(client: Client, site: Site) -> None:
    with pytest.raises(FetchError) as error, client.open(site.add("/x", cut(BODY, 9))) as file:
        file.read()
    assert error.value.reason is FetchReason.TRUNCATED
    assert len(site.asked) == 1


def test_parts_are_asked_for_by_first_and_end(client: Client, site: Site) -> None:
    url = site.add("/x", content(BODY))
    assert client.read_range(url, 5, 9) == BODY[5:9]
    assert client.read_range(url, 5, 5) == b""
    assert client.read_range(url, len(BODY) - 2, len(BODY) + 9) == BODY[-2:]
    assert client.probe(url).size == len(BODY)


def test_a_server_without_parts_is_told(client: Client, site: Site) -> None:
    url = site.add("/x", whole(BODY))
    for ask in (lambda: client.read_range(url, 5, 9), lambda: client.probe(url)):
        with pytest.raises(FetchError) as error:
            ask()
        assert error.value.reason is FetchReason.NO_RANGES


def test_the_wrong_part_is_refused(client: Client, site: Site) -> None:
    def other(handler: Handler) -> None:
        send(handler, 206, BODY[:4], Content_Range=f"bytes 0-3/{len(BODY)}")

    with pytest.raises(FetchError) as error:
        client.read_range(site.add("/x", other), 5, 9)
    assert error.value.reason is FetchReason.BAD_ANSWER


def test_a_file_of_ranges_is_sought_in(client: Client, site: Site) -> None:
    url = site.add("/x", content(BODY))
    with RangeFile(client, url, {}, longest=1 << 20) as file:
        assert file.seek(-10, io.SEEK_END) == len(BODY) - 10
        assert file.read() == BODY[-10:]
        file.seek(300_000)
        assert file.read(400_000) == BODY[300_000:700_000]
        assert file.seek(-400_000, io.SEEK_CUR) == 300_000
        buffer = bytearray(7)
        assert file.readinto(buffer) == 7
        assert bytes(buffer) == BODY[300_000:300_007]
        file.seek(len(BODY) + 5)
        assert file.read(3) == b""
        with pytest.raises(OSError, match="before the start"):
            file.seek(-1)


def test_near_reads_ask_once(client: Client, site: Site) -> None:
    url = site.add("/x", content(BODY))
    with RangeFile(client, url, {}, longest=1 << 20) as file:
        for place in (5, 900, 100, 1000):
            file.seek(place)
            assert file.read(50) == BODY[place : place + 50]
    assert len(site.asked) == 2  # one to learn the size


def test_an_index_that_claims_too_much_is_not_read(client: Client, site: Site) -> None:
    url = site.add("/x", content(BODY))
    with RangeFile(client, url, {}, longest=1000) as file, pytest.raises(FetchError) as error:
        file.read(1001)
    assert error.value.reason is FetchReason.BAD_ARCHIVE


def test_content_that_changes_between_reads_is_noticed(client: Client, site: Site) -> None:
    first = content(BODY, ETag=ETAG)
    url = site.add("/x", first, first, content(BODY[::-1], ETag='"v2"'))
    with RangeFile(client, url, {}, longest=1 << 20) as file:
        file.read(10)
        file.seek(800_000)
        with pytest.raises(FetchError) as error:
            file.read(10)
    assert error.value.reason is FetchReason.CHANGED


def test_a_passing_address_is_used_until_it_expires(
    make_client: MakeClient, site: Site, other_site: Site
) -> None:
    store = content(BODY)
    old = other_site.add("/old", store, store, status(403))
    new = other_site.add("/new", store)
    url = site.add("/x", redirect(old), redirect(new))
    client = make_client(allow_private={site.place, other_site.place})
    headers = {"Authorization": "secret"}
    with RangeFile(client, url, headers, longest=1 << 20) as file:
        file.read(10)
        file.seek(800_000)
        assert file.read(10) == BODY[800_000:800_010]
    assert other_site.paths() == ["/old", "/old", "/old", "/new"]
    assert len(site.asked) == 2
    assert all("Authorization" not in asked.headers for asked in other_site.asked)
