from __future__ import annotations

import json

import pytest

from pentad.core.errors import InputError
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.hub import Hub, HubFile
from pentad.sources.fetch.places import split_hub
from tests.sources.fetch.server import Handler, Site, send, status

TREE = "/api/datasets/o/n/tree/main"


def entry(path: str, kind: str = "file", **more: object) -> dict[str, object]:
    return {"type": kind, "path": path, "size": 5, **more}


def page(entries: object, **headers: str):  # type: ignore[no-untyped-def]
    def answer(handler: Handler) -> None:
        send(handler, 200, json.dumps(entries).encode(), **headers)

    return answer


def test_addresses_are_quoted(client: Client) -> None:
    hub = Hub(client, endpoint="https://hub.example/")
    url = hub.resolve_url("o/n", "a b/c#d.zip", "refs/pr/1")
    assert url == "https://hub.example/datasets/o/n/resolve/refs%2Fpr%2F1/a%20b/c%23d.zip"
    for wrong in ("n", "o/n/x", "../n", "o/..", "", "o/n?x"):
        with pytest.raises(InputError, match="owner/name"):
            hub.resolve_url(wrong, "x")


def test_lists_go_over_several_pages(client: Client, site: Site) -> None:
    further = f'<{site.url(TREE)}?recursive=1&cursor=2>; rel="next"'

    def answer(handler: Handler) -> None:
        if "cursor=2" in handler.path:
            page([entry("b/3.zip", lfs={"oid": "ff", "size": 5})])(handler)
        else:
            page([entry("b", "directory"), entry("b/1.zip"), entry("a.txt")], Link=further)(handler)

    site.add(TREE, answer)
    hub = Hub(client, endpoint=site.url(""))
    assert hub.listing("o/n") == [
        HubFile("a.txt", 5, None),
        HubFile("b/1.zip", 5, None),
        HubFile("b/3.zip", 5, "ff"),
    ]
    assert [f.path for f in hub.listing("o/n", pattern="b/*.zip")] == ["b/1.zip", "b/3.zip"]
    assert all("recursive=1" in asked.path for asked in site.asked)


def test_a_list_does_not_go_on_elsewhere(client: Client, site: Site) -> None:
    site.add(TREE, page([], Link='<https://evil.example/x>; rel="next"'))
    with pytest.raises(FetchError, match="goes on at another host"):
        Hub(client, endpoint=site.url("")).listing("o/n")


def test_a_list_that_never_ends_is_no_trap(
    client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pentad.sources.fetch.hub._MAX_PAGES", 3)
    site.add(TREE, page([entry("a")], Link=f'<{site.url(TREE)}>; rel="next"'))
    with pytest.raises(FetchError, match="never ends"):
        Hub(client, endpoint=site.url("")).listing("o/n")
    assert len(site.asked) == 3


@pytest.mark.parametrize("value", [{}, "x", 5])
def test_what_is_no_list_is_refused(client: Client, site: Site, value: object) -> None:
    site.add(TREE, page(value))
    with pytest.raises(FetchError) as error:
        Hub(client, endpoint=site.url("")).listing("o/n")
    assert error.value.reason is FetchReason.BAD_ANSWER


def test_a_repository_that_asks_for_an_account_says_what_to_do(
    client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add(TREE, status(401))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(FetchError, match="set HF_TOKEN"):
        Hub(client, endpoint=site.url("")).listing("o/n")
    with pytest.raises(FetchError, match="accept its terms"):
        Hub(client, endpoint=site.url(""), token="t").listing("o/n")


def test_the_token_goes_to_the_hub_alone_and_only_over_https(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    hub = Hub(client, endpoint="https://hub.example")
    assert hub.headers("https://hub.example/x") == {"Authorization": "Bearer secret"}
    for url in ("https://hub.example:444/x", "https://cdn.example/x", "http://hub.example/x",
                "https://hub.example.evil/x"):  # fmt: skip
        assert hub.headers(url) == {}
    assert Hub(client, endpoint="http://hub.example").headers("http://hub.example/x") == {}


def test_the_endpoint_comes_from_the_environment(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/hf")
    assert Hub(client).resolve_url("o/n", "x").startswith("https://mirror.example/hf/datasets/")
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    with pytest.raises(InputError, match="endpoint"):
        Hub(client)


def test_places_on_a_hub_are_written_with_their_path() -> None:
    assert split_hub("hub://o/n/a/b.zip") == ("o/n", "main", "a/b.zip")
    for wrong in ("hub://o/n", "hub://o", "hub:///n/x"):
        with pytest.raises(InputError, match="hub://owner/name/path"):
            split_hub(wrong)
