from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.guard import parse_address
from pentad.sources.fetch.robots import Robots
from pentad.sources.fetch.robots_rules import RobotRules
from tests.sources.fetch.conftest import MakeClient
from tests.sources.fetch.server import Handler, Site, content, redirect, send, slow, status, whole

RULES = b"User-agent: *\nDisallow: /private/\n\nUser-agent: pentad\nDisallow: /no-pentad\n"


def reason(client: Client, url: str, to: Path) -> FetchReason | None:
    try:
        client.fetch(url, to)
    except FetchError as error:
        return error.reason
    return None


def test_robots_txt_is_kept_to(client: Client, site: Site, tmp_path: Path) -> None:
    site.add("/robots.txt", RULES)
    allowed, denied = site.add("/a", b"x"), site.add("/no-pentad/a", b"x")
    assert reason(client, allowed, tmp_path / "a") is None
    assert reason(client, denied, tmp_path / "b") is FetchReason.ROBOTS
    assert site.paths() == ["/a"]
    assert not FetchReason.ROBOTS.retriable


def test_rules_for_everybody_count_for_another_name(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    site.add("/robots.txt", RULES)
    url = site.add("/private/a", b"x")
    assert reason(make_client(user_agent="mine/2"), url, tmp_path / "a") is FetchReason.ROBOTS


def test_robots_txt_is_not_asked_for_if_not_wanted(
    make_client: MakeClient, client: Client, site: Site, tmp_path: Path
) -> None:
    site.add("/robots.txt", b"User-agent: *\nDisallow: /\n")
    url = site.add("/a", whole(b"x", X_Robots_Tag="noai"))
    assert reason(make_client(respect_robots=False), url, tmp_path / "a") is None
    client.fetch(url, tmp_path / "b", robots=False)
    assert [asked.path for asked in site.asked] == ["/a", "/a"]


@pytest.mark.parametrize("answer", [status(404), status(403), status(410), whole(b"")])
def test_no_robots_txt_allows_everything(
    client: Client, site: Site, tmp_path: Path, answer: object
) -> None:
    site.add("/robots.txt", answer)  # type: ignore[arg-type]
    assert reason(client, site.add("/a", b"x"), tmp_path / "a") is None


def test_a_robots_txt_that_cannot_be_had_allows_nothing_yet(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    site.add("/robots.txt", status(503))
    url = site.add("/a", b"x")
    assert reason(make_client(retries=0), url, tmp_path / "a") is FetchReason.SERVER_ERROR
    site.add("/robots.txt", RULES)
    assert reason(make_client(), url, tmp_path / "a") is None


def test_a_dead_host_is_not_waited_for_with_each_file(
    make_client: MakeClient, site: Site, tmp_path: Path
) -> None:
    site.add("/robots.txt", status(503))
    client = make_client(retries=1)
    for _ in range(5):
        assert reason(client, site.add("/a", b"x"), tmp_path / "a") is FetchReason.SERVER_ERROR
    assert [asked.path for asked in site.asked] == ["/robots.txt"] * 2


def test_an_endless_robots_txt_is_read_in_part(client: Client, site: Site, tmp_path: Path) -> None:
    def endless(handler: Handler) -> None:
        send(handler, 200, RULES, Content_Length=str(1 << 40))
        while not site.closing.is_set():
            handler.wfile.write(b"# \n" * 10_000)

    site.add("/robots.txt", endless)
    assert reason(client, site.add("/no-pentad", b"x"), tmp_path / "a") is FetchReason.ROBOTS


def test_a_host_is_asked_once(client: Client, site: Site, tmp_path: Path) -> None:
    site.add("/robots.txt", slow(whole(RULES), 0.05))
    url = site.add("/a", b"x")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: client.fetch(url, tmp_path / str(n)), range(8)))
    assert [asked.path for asked in site.asked].count("/robots.txt") == 1


def test_the_host_a_redirect_leads_to_is_asked_too(
    make_client: MakeClient, site: Site, other_site: Site, tmp_path: Path
) -> None:
    other_site.add("/robots.txt", b"User-agent: *\nDisallow: /\n")
    url = site.add("/a", redirect(other_site.add("/x", b"x")))
    client = make_client(allow_private={site.place, other_site.place})
    assert reason(client, url, tmp_path / "a") is FetchReason.ROBOTS
    assert other_site.paths() == []


@pytest.mark.parametrize(
    ("tag", "kept_out"),
    [
        ("noai", True), ("noimageai", True), ("NoIndex", True), ("noimageindex", True),
        ("none", True), ("nofollow, noai", True), ("pentad: noai", True), ("*: noai", True),
        ("nofollow", False), ("all", False), ("googlebot: noindex", False),
        ("googlebot: nofollow, noindex", False), ("unavailable_after: 2020-01-01, noai", True),
        ("max-snippet: 50, noindex", True), ("", False),
    ],
)  # fmt: skip
def test_headers_that_keep_a_file_out(
    client: Client, site: Site, tmp_path: Path, tag: str, kept_out: bool
) -> None:
    url = site.add("/a", content(b"x", X_Robots_Tag=tag))
    assert reason(client, url, tmp_path / "a") is (FetchReason.OPT_OUT if kept_out else None)
    assert (tmp_path / "a").exists() is not kept_out


def test_each_of_several_headers_counts(client: Client, site: Site, tmp_path: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("X-Robots-Tag", "otherbot: nofollow")
        handler.send_header("X-Robots-Tag", "noai")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    url = site.add("/a", answer)
    assert reason(client, url, tmp_path / "a") is FetchReason.OPT_OUT


def test_a_reservation_of_rights_keeps_a_file_out(
    client: Client, site: Site, tmp_path: Path
) -> None:
    url = site.add("/a", content(b"x", TDM_Reservation="1"))
    assert reason(client, url, tmp_path / "a") is FetchReason.OPT_OUT
    assert (
        reason(client, site.add("/b", content(b"x", TDM_Reservation="0")), tmp_path / "b") is None
    )


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /*.jpg$", "/a/b.jpg", False),
        ("User-agent: *\nDisallow: /*.jpg$", "/a/b.jpg?x", True),
        ("User-agent: *\nDisallow: /*/private", "/a/b/private/x", False),
        ("User-agent: *\nDisallow: /a*b*c", "/a-b", True),
        ("User-agent: *\nDisallow: /a*a$", "/a", True),
        ("User-agent: *\nAllow: /\nDisallow: /p", "/p/x", False),
        ("User-agent: *\nDisallow: /p\nAllow: /p/q", "/p/q/x", True),
        ("User-agent: *\nDisallow: /p\nAllow: /p", "/p", True),
        ("User-agent: *\nDisallow:", "/p", True),
        ("User-agent: *\nDisallow: /%7Ejoe", "/~joe/x", False),
        ("User-agent: *\nDisallow: /ö", "/%C3%B6/x", False),
        ("User-agent: *\nDisallow: /?q=", "/?q=x", False),
        ("User-agent: *\nDisallow: /?q=", "?q=x", False),
        ("User-agent: *\nDisallow: /", "", False),
        ("User-agent: x\nUser-agent: PENTAD/1\nDisallow: /", "/p", False),
        ("User-agent: pentad\nAllow: /\nUser-agent: *\nDisallow: /", "/p", True),
        ("User-agent: pentad\nDisallow: /a\n\nUser-agent: pentad\nDisallow: /b", "/b", False),
        ("User-agent: a\nCrawl-delay: 1\nUser-agent: b\nDisallow: /", "/p", True),
        ("User-agent: pentadic\nDisallow: /", "/p", True),
        ("user-agent : * # all\ndisallow : /p # this", "/p", False),
        ("Disallow: /", "/p", True),
        ("<html><body>Disallow: /</body></html>", "/p", True),
    ],
)
def test_what_rules_mean(text: str, path: str, allowed: bool) -> None:
    assert RobotRules(text, "pentad").allow(f"https://h.org{path}") is allowed


@pytest.mark.parametrize(
    "line",
    ["Crawl-delay: ²", "Crawl-delay: " + "9" * 5000, "Request-rate: ²/1", "Disallow: //[",
     "Disallow: http://[::1/x", "Allow: //\u2100/x", "Disallow: /%zz\0",
     "Disallow: /" + "*a" * 9000, "\ufeff:", ":", "User-agent", "Sitemap: http://["],
)  # fmt: skip
def test_no_line_of_a_robots_txt_ends_the_run(
    client: Client, site: Site, tmp_path: Path, line: str
) -> None:
    text = f"User-agent: *\n{line}\nDisallow: /private\n".encode()
    site.add("/robots.txt", text)
    assert reason(client, site.add("/a", b"x"), tmp_path / "a") is None
    assert reason(client, site.add("/private/a", b"x"), tmp_path / "b") is FetchReason.ROBOTS


def test_rules_of_many_hosts_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pentad.sources.fetch.robots._KEPT_BYTES", 1000)
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        return b"User-agent: *\nDisallow: /p\n#" + b"x" * 300

    robots = Robots("pentad", read)
    for host in ("a", "b", "c", "d", "d", "a"):
        robots.check(parse_address(f"http://{host}/"))
    assert [url[7] for url in asked] == ["a", "b", "c", "d", "a"]


def test_rules_have_no_opinion_on_hosts() -> None:
    assert RobotRules("User-agent: *\nDisallow: /p", "pentad").allow("http://[::ffff:01.2.3.4]/x")
