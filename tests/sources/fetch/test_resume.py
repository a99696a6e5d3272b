from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.partial import hidden_beside
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Site, content, cut, send, whole

BODY = bytes(range(256)) * 40
OTHER = bytes(reversed(BODY))


def ranges(site: Site) -> list[str | None]:
    return [a.headers.get("Range") for a in site.asked if a.path != "/robots.txt"]


def begin(make_client: MakeClient, url: str, to: Path) -> None:
    """Fetch a part of the file and be cut off, in a run of its own."""
    with pytest.raises(FetchError) as error:
        make_client(retries=0).fetch(url, to)
    assert error.value.reason is FetchReason.TRUNCATED
    assert hidden_beside(to, "part").stat().st_size == 1000
    assert not to.exists()


@pytest.mark.parametrize(
    "version", [{"ETag": '"v1"'}, {"Last_Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}]
)
def test_a_later_run_goes_on_where_the_first_broke_off(
    make_client: MakeClient, site: Site, tmp_path: Path, version: dict[str, str]
) -> None:
    url, to = site.add("/x", cut(BODY, 1000, **version), content(BODY, **version)), tmp_path / "x"
    begin(make_client, url, to)
    came = make_client().fetch(url, to)
    assert to.read_bytes() == BODY
    assert came.resumed
    assert came.sha256 == hashlib.sha256(BODY).hexdigest()
    assert ranges(site) == [None, "bytes=1000-"]
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_the_same_run_goes_on_too(client: Client, site: Site, tmp_path: Path) -> None:
    url = site.add("/x", cut(BODY, 1000, ETag='"v1"'), content(BODY, ETag='"v1"'))
    assert client.fetch(url, tmp_path / "x").resumed
    assert (tmp_path / "x").read_bytes() == BODY


def test_a_server_that_sends_no_parts_sends_all(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", cut(BODY, 1000, ETag='"v1"'), whole(BODY, ETag='"v1"'))
    begin(make_client, url, tmp_path / "x")
    came = make_client().fetch(url, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == BODY
    assert not came.resumed


def test_content_that_changed_meanwhile_is_not_mixed(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", cut(BODY, 1000, ETag='"v1"'), content(OTHER, ETag='"v2"'))
    begin(make_client, url, tmp_path / "x")
    assert not make_client().fetch(url, tmp_path / "x").resumed
    assert (tmp_path / "x").read_bytes() == OTHER


def test_content_that_became_shorter_is_fetched_anew(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    def ignoring_if_range(body: bytes) -> object:
        def answer(handler: object) -> None:
            handler.headers.replace_header("If-Range", '"v2"')  # type: ignore[attr-defined]
            content(body, ETag='"v2"')(handler)  # type: ignore[arg-type]

        return answer

    short = content(b"short", ETag='"v2"')
    url = site.add("/x", cut(BODY, 1000, ETag='"v1"'), ignoring_if_range(b"short"), short)  # type: ignore[arg-type]
    begin(make_client, url, tmp_path / "x")
    make_client().fetch(url, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"short"


def test_a_part_that_was_not_asked_for_is_refused(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    def elsewhere(handler: object) -> None:
        send(handler, 206, BODY[5:], Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}")  # type: ignore[arg-type]

    url = site.add("/x", cut(BODY, 1000, ETag='"v1"'), elsewhere, content(BODY))
    begin(make_client, url, tmp_path / "x")
    make_client().fetch(url, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == BODY


def test_a_weak_version_is_not_built_upon(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", cut(BODY, 1000, ETag='W/"v1"'))
    with pytest.raises(FetchError):
        make_client(retries=0).fetch(url, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_another_address_for_the_same_file_begins_anew(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    begin(make_client, site.add("/x", cut(BODY, 1000, ETag='"v1"')), tmp_path / "x")
    assert not make_client().fetch(site.add("/y", OTHER), tmp_path / "x").resumed
    assert (tmp_path / "x").read_bytes() == OTHER


def test_a_known_hash_makes_any_address_good_to_go_on(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    digest, to = hashlib.sha256(BODY).hexdigest(), tmp_path / "x"
    with pytest.raises(FetchError):
        make_client(retries=0).fetch(site.add("/x?sig=1", cut(BODY, 1000)), to, sha256=digest)
    with pytest.raises(FetchError):
        make_client(retries=0).fetch(site.add("/x", cut(BODY, 1000)), to, sha256=digest)
    assert hidden_beside(to, "part").stat().st_size == 1000
    assert make_client().fetch(site.add("/y", content(BODY)), to, sha256=digest).resumed
    assert to.read_bytes() == BODY


def test_a_bad_part_is_thrown_away_when_the_hash_tells(
    client: Client, site: Site, tmp_path: Path
) -> None:
    digest, to = hashlib.sha256(BODY).hexdigest(), tmp_path / "x"
    url = site.add("/x", cut(OTHER, 1000), content(BODY))
    assert not client.fetch(url, to, sha256=digest).resumed
    assert to.read_bytes() == BODY


def test_a_damaged_note_means_a_new_beginning(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    url = site.add("/x", cut(BODY, 1000, ETag='"v1"'), content(BODY, ETag='"v1"'))
    begin(make_client, url, tmp_path / "x")
    hidden_beside(tmp_path / "x", "part.json").write_bytes(b'{"what": ')
    assert not make_client().fetch(url, tmp_path / "x").resumed
    assert (tmp_path / "x").read_bytes() == BODY


def test_long_names_have_hidden_names_that_fit(client: Client, site: Site, tmp_path: Path) -> None:
    to = tmp_path / ("n" * 255)
    client.fetch(site.add("/x", BODY), to)
    assert to.read_bytes() == BODY
    assert hidden_beside(to, "part") != hidden_beside(tmp_path / ("n" * 254), "part")
