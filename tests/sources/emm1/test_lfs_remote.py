from __future__ import annotations

import base64
from pathlib import Path

import pytest

from pentad.core.errors import InputError
from pentad.sources.emm1.lfs_remote import find_endpoint, http_address


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)


def clone(root: Path, config: str, lfsconfig: str | None = None) -> Path:
    (root / ".git").mkdir()
    (root / ".git/config").write_text(config)
    if lfsconfig is not None:
        (root / ".lfsconfig").write_text(lfsconfig)
    return root


def origin(url: str) -> str:
    return f'[remote "origin"]\n\turl = {url}\n'


def token_of(header: str | None) -> str:
    assert header is not None
    kind, _, value = header.partition(" ")
    assert kind == "Basic"
    return base64.b64decode(value).decode()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://github.com/o/r", "https://github.com/o/r.git/info/lfs"),
        ("https://github.com/o/r/", "https://github.com/o/r.git/info/lfs"),
        ("https://github.com/o/r.git", "https://github.com/o/r.git/info/lfs"),
        ("https://me@github.com/o/r.git", "https://github.com/o/r.git/info/lfs"),
        ("git@github.com:o/r.git", "https://github.com/o/r.git/info/lfs"),
        ("git@github.com:/o/r", "https://github.com/o/r.git/info/lfs"),
        ("ssh://git@github.com/o/r.git", "https://github.com/o/r.git/info/lfs"),
        ("ssh://git@ssh.github.com:443/o/r.git", "https://github.com/o/r.git/info/lfs"),
        ("ssh://git@host.org:2222/o/r.git", "https://host.org/o/r.git/info/lfs"),
        ("https://host.org:8443/o/r", "https://host.org:8443/o/r.git/info/lfs"),
        ("http://[::1]:80/o/r", "http://[::1]:80/o/r.git/info/lfs"),
        ("https://hub.org/datasets/o/r", "https://hub.org/datasets/o/r.git/info/lfs"),
    ],
)
def test_every_spelling_of_a_remote(tmp_path: Path, url: str, server: str) -> None:
    found = find_endpoint(clone(tmp_path, origin(url)))
    assert found.url == server
    assert found.batch == server + "/objects/batch"
    assert found.authorization is None


@pytest.mark.parametrize(
    "url", ["/srv/r.git", "../r", "file:///srv/r.git", "C:\\r", "https://", "https://h:x/o/r", ""]
)
def test_a_remote_that_is_on_no_server(url: str) -> None:
    with pytest.raises(InputError):
        http_address(url)


@pytest.mark.parametrize(
    "url",
    ["ftp://me:secret@host/r", "https://me:secret/secret@host/r", "https://me:secret@host:x/r",
     "https://me:sec@secret@[host/r", "https://secret@/r"],
)  # fmt: skip
def test_a_password_is_not_shown(url: str) -> None:
    with pytest.raises(InputError) as refused:
        http_address(url)
    assert "secret" not in str(refused.value)
    assert "secret" not in f"{refused.value.__cause__}"


def test_the_only_remote_counts_whatever_its_name(tmp_path: Path) -> None:
    root = clone(tmp_path, origin("https://h.org/o/r").replace("origin", "upstream"))
    assert find_endpoint(root).url == "https://h.org/o/r.git/info/lfs"


def test_of_several_remotes_origin_counts(tmp_path: Path) -> None:
    others = origin("https://h.org/x/y").replace("origin", "fork")
    root = clone(tmp_path, others + origin("https://h.org/o/r"))
    assert find_endpoint(root).url == "https://h.org/o/r.git/info/lfs"


def test_a_clone_without_a_remote(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--remote URL"):
        find_endpoint(clone(tmp_path, "[core]\n\tbare = false\n"))


def test_no_clone_needs_a_remote(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--remote URL"):
        find_endpoint(tmp_path)
    found = find_endpoint(tmp_path, remote="https://h.org/o/r")
    assert found.url == "https://h.org/o/r.git/info/lfs"


def test_a_remote_that_is_given_goes_first(tmp_path: Path) -> None:
    root = clone(tmp_path, origin("https://h.org/o/r"))
    assert find_endpoint(root, remote="https://g.org/a/b").url == "https://g.org/a/b.git/info/lfs"
    given = "https://g.org/a/b.git/info/lfs/"
    assert find_endpoint(root, remote=given).url == given.rstrip("/")


@pytest.mark.parametrize(
    ("config", "lfsconfig", "server"),
    [
        ("[lfs]\nurl = https://a.org/l\n", "[lfs]\nurl = https://b.org/l\n", "https://a.org/l"),
        ("", "[lfs]\nurl = https://b.org/l\n", "https://b.org/l"),
        ('[remote "origin"]\nlfsurl = https://c.org/l\n', None, "https://c.org/l"),
    ],
)
def test_the_order_of_settings(
    tmp_path: Path, config: str, lfsconfig: str | None, server: str
) -> None:
    root = clone(tmp_path, origin("https://h.org/o/r") + config, lfsconfig)
    assert find_endpoint(root).url == server


def test_the_usual_token_goes_to_github_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "t0k")
    found = find_endpoint(tmp_path, remote="git@github.com:o/r")
    assert token_of(found.authorization) == "x-access-token:t0k"
    assert "t0k" not in repr(found)
    assert (found.authorization or "") not in repr(found)
    for remote in ("https://h.org/o/r", "http://github.com/o/r"):
        assert find_endpoint(tmp_path, remote=remote).authorization is None


def test_a_token_that_is_named_goes_to_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "t0k")
    found = find_endpoint(tmp_path, remote="https://h.org/o/r", token_env="MINE")
    assert token_of(found.authorization) == "x-access-token:t0k"
    assert found.headers_for("https://h.org/elsewhere") == {"Authorization": found.authorization}
    for other in ("https://cdn.h.org/x", "http://h.org/x", "https://h.org:444/x"):
        assert found.headers_for(other) == {}


def test_a_token_may_end_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "token\n")
    found = find_endpoint(clone(tmp_path, origin("https://h.org/o/r")), token_env="MINE")
    assert token_of(found.authorization) == "x-access-token:token"


def test_a_token_that_is_not_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not set; got NONE_SUCH"):
        find_endpoint(tmp_path, remote="https://h.org/o/r", token_env="NONE_SUCH")


def test_a_token_over_plain_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "t0k")
    with pytest.raises(InputError, match="https only"):
        find_endpoint(tmp_path, remote="http://h.org/o/r", token_env="MINE")


def test_the_tracked_file_gets_no_token_for_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "t0k")
    monkeypatch.setenv("GITHUB_TOKEN", "t0k")
    root = clone(
        tmp_path, origin("https://h.org/o/r"), "[lfs]\nurl = https://github.com/thief/lfs\n"
    )
    assert find_endpoint(root).authorization is None
    with pytest.raises(InputError, match="gets no token"):
        find_endpoint(root, token_env="MINE")
    (tmp_path / ".lfsconfig").write_text("[lfs]\nurl = https://h.org/lfs\n")
    assert find_endpoint(root, token_env="MINE").authorization is not None


def test_a_password_in_the_remote_is_used_for_its_host(tmp_path: Path) -> None:
    found = find_endpoint(clone(tmp_path, origin("https://me:p%40ss@h.org/o/r")))
    assert found.url == "https://h.org/o/r.git/info/lfs"
    assert token_of(found.authorization) == "me:p@ss"
