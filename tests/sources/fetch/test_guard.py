from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.guard import Guard, parse_address, refusal
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Site, redirect


def reason_of(error: pytest.ExceptionInfo[FetchError]) -> str:
    return error.value.reason.value


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255",
        "192.88.99.1", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:7f00:1",
        "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "2002:7f00:1::",
        "2001:0:7f00:1::", "100::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_on_the_open_internet_are_refused(number: str) -> None:
    assert refusal(ipaddress.ip_address(number))


@pytest.mark.parametrize("number", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111"])
def test_global_addresses_pass(number: str) -> None:
    assert refusal(ipaddress.ip_address(number)) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/x", "unsupported-scheme"),
        ("file:///etc/passwd", "unsupported-scheme"),
        ("javascript:alert(1)", "unsupported-scheme"),
        ("gopher://example.org", "unsupported-scheme"),
        ("example.org/x", "unsupported-scheme"),
        ("", "unsupported-scheme"),
        ("http://", "bad-address"),
        ("http:///x", "bad-address"),
        ("http://user:secret@example.org/", "bad-address"),
        ("http://user@example.org/", "bad-address"),
        ("http://example.org:99999/", "bad-address"),
        ("http://example.org:0/", "bad-address"),
        ("http://example.org/a\r\nX-Evil: 1", "bad-address"),
        ("http://example.org\\@127.0.0.1/", "bad-address"),
        ("http://example.org/\0", "bad-address"),
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str, reason: str) -> None:
    with pytest.raises(FetchError) as error:
        parse_address(url)
    assert reason_of(error) == reason
    assert "secret" not in str(error.value)


def test_addresses_are_taken_apart() -> None:
    url = parse_address("HTTPS://Example.ORG/a b?x=1#part")
    assert (url.scheme, url.host, url.port) == ("https", "example.org", 443)
    assert url.text == "https://example.org/a%20b?x=1"
    assert parse_address("http://[2606:4700::1]:8080/").place == "[2606:4700::1]:8080"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
     "[::1]", "[::ffff:127.0.0.1]", "0"],
)  # fmt: skip
def test_every_spelling_of_this_machine_is_refused(
    client: Client, site: Site, tmp_path: Path, host: str
) -> None:
    site.add("/x", b"secret")
    with pytest.raises(FetchError) as error:
        client.fetch(f"http://{host}:{site.port + (host == '127.0.0.1')}/x", tmp_path / "x")
    assert reason_of(error) in ("blocked-address", "unknown-host")
    assert not site.asked
    assert not list(tmp_path.iterdir())


def test_the_message_names_host_address_and_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, ["10.0.0.1"])
    with pytest.raises(FetchError, match=r"media\.example:80 is at 10\.0\.0\.1 \(private\)") as e:
        Guard().targets("media.example", 80)
    assert "'media.example:80'" in str(e.value)


def test_only_the_global_ones_of_a_hosts_addresses_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _resolving(monkeypatch, ["127.0.0.1", "8.8.8.8"])
    assert [entry[4][0] for entry in Guard().targets("mixed.example", 80)] == ["8.8.8.8"]


def test_the_connection_goes_to_the_address_that_was_checked(
    make_client: MakeClient, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is resolved twice could be given another address the second time."""
    site.add("/x", b"content")
    resolved: list[str] = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[object]:
        resolved.append(host)
        number = "127.0.0.1" if len(resolved) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    place = f"rebinding.example:{site.port}"
    client = make_client(allow_private={place}, respect_robots=False)
    client.fetch(f"http://{place}/x", tmp_path / "x")
    assert resolved == ["rebinding.example"]


def test_an_exempt_place_is_a_host_and_a_port(site: Site, make_client: MakeClient) -> None:
    guard = Guard({site.place, "[::1]:8000", "Mirror.Local:80"})
    assert guard.exempts(parse_address(site.url("/")))
    assert guard.exempts(parse_address("http://[::1]:8000/"))
    assert guard.exempts(parse_address("http://mirror.local/"))
    assert not guard.exempts(parse_address(f"http://localhost:{site.port}/"))
    for wrong in ("localhost", "http://a:1", "a:b", "", ":80"):
        with pytest.raises(InputError, match="host:port"):
            Guard({wrong})


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.1:{other}/x", "http://localhost:{port}/x", "http://10.0.0.1/x",
     "http://169.254.169.254/latest/meta-data", "//[::1]:{port}/x", "http://[::ffff:7f00:1]/x"],
)  # fmt: skip
def test_a_redirect_to_a_private_address_is_not_followed(
    client: Client, site: Site, other_site: Site, tmp_path: Path, to: str
) -> None:
    other_site.add("/x", b"secret")
    target = to.format(port=site.port, other=other_site.port)
    url = site.add("/away", redirect(target))
    with pytest.raises(FetchError) as error:
        client.fetch(url, tmp_path / "x")
    assert reason_of(error) == "blocked-address"
    assert site.paths() == ["/away"]
    assert not other_site.asked
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://example.org/", "http://u:p@127.0.0.1/"]
)
def test_a_redirect_to_another_kind_of_address_is_not_followed(
    client: Client, site: Site, tmp_path: Path, to: str
) -> None:
    with pytest.raises(FetchError) as error:
        client.fetch(site.add("/away", redirect(to)), tmp_path / "x")
    assert reason_of(error) in ("unsupported-scheme", "bad-address")


def test_redirects_are_followed_five_times(client: Client, site: Site, tmp_path: Path) -> None:
    for step in range(5):
        site.add(f"/{step}", redirect(f"/{step + 1}", (301, 302, 303, 307, 308)[step]))
    site.add("/5", b"there")
    client.fetch(site.url("/0"), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"there"
    site.add("/start", redirect("/0"))
    with pytest.raises(FetchError, match="more than 5 redirects"):
        client.fetch(site.url("/start"), tmp_path / "y")


@pytest.mark.parametrize("to", ["/round", ""])
def test_redirects_that_lead_nowhere_end(
    client: Client, site: Site, tmp_path: Path, to: str
) -> None:
    with pytest.raises(FetchError) as error:
        client.fetch(site.add("/round", redirect(to)), tmp_path / "x")
    assert error.value.reason is FetchReason.REDIRECTS
    assert len(site.paths()) <= 6


def test_secrets_stay_with_the_origin_they_were_given_for(
    make_client: MakeClient, site: Site, other_site: Site, tmp_path: Path
) -> None:
    other_site.add("/x", b"content")
    site.add("/same", redirect("/away"))
    site.add("/away", redirect(other_site.url("/x")))
    client = make_client(allow_private={site.place, other_site.place})
    headers = {"Authorization": "Bearer secret", "X-Token": "secret", "Cookie": "secret=1"}
    client.fetch(site.url("/same"), tmp_path / "x", headers=headers)
    assert [a.headers.get("Authorization") for a in site.asked if a.path != "/robots.txt"] == [
        "Bearer secret",
        "Bearer secret",
    ]
    assert all("secret" not in str(asked.headers) for asked in other_site.asked)


def _resolving(monkeypatch: pytest.MonkeyPatch, numbers: list[str]) -> None:
    def resolve(host: str, port: int, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (n, port)) for n in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    "number", ["168.63.129.16", "192.0.0.9", "192.0.0.192", "169.254.169.254", "fd00:ec2::254"]
)
def test_what_a_cloud_answers_under_global_numbers_is_refused(number: str) -> None:
    assert refusal(ipaddress.ip_address(number)) is not None


@pytest.mark.parametrize("port", [22, 25, 587, 6667])
def test_ports_of_other_services_are_not_connected_to(
    port: int, client: Client, site: Site, tmp_path: Path
) -> None:
    for url in (f"http://example.org:{port}/x", site.add("/x", redirect(f"http://a.b:{port}/"))):
        with pytest.raises(FetchError, match="this port is that of another service") as error:
            client.fetch(url, tmp_path / "x")
        assert reason_of(error) == "blocked-address"
    assert Guard([f"example.org:{port}"]).check(f"http://example.org:{port}/x").port == port


def test_a_host_with_many_dead_addresses_is_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _resolving(monkeypatch, [f"8.8.8.{n}" for n in range(200)])
    tried: list[object] = []

    def refuse(family: int, kind: int, protocol: int, address: object, seconds: object) -> None:
        tried.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr("pentad.sources.fetch.guard._connected", refuse)
    with Client(retries=0, respect_robots=False) as client, pytest.raises(FetchError) as error:
        client.fetch("http://many.example/x", tmp_path / "x")
    assert reason_of(error) == "connection-failed"
    assert len(tried) == 4
