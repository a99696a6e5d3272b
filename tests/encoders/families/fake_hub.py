"""A small server that speaks as much of the Hugging Face hub as fetching a model needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

ROBOT = "SFconvertbot"


@dataclass
class Repo:
    """A repository: files of each commit, commits of each revision, offers of converted weights."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    offers: list[dict[str, Any]] = field(default_factory=list)
    gated: bool = False

    def add(self, revision: str, files: dict[str, bytes]) -> str:
        """Make a revision hold files; return its commit."""
        names = "".join(f"{name}{len(data)}" for name, data in sorted(files.items()))
        commit = hashlib.sha1(f"{revision}{names}".encode(), usedforsecurity=False).hexdigest()
        self.commits[commit] = files
        self.revisions[revision] = commit
        return commit

    def offer(self, number: int, files: dict[str, bytes], *, author: str = ROBOT) -> str:
        """Offer converted weights in a pull request; return its commit."""
        self.offers.append(
            {
                "title": "Adding `safetensors` variant of this model",
                "num": number,
                "author": {"name": author},
                "createdAt": "2024-04-02T00:00:00.000Z",
                "status": "open",
                "repo": {"name": "someone/model", "type": "model"},
                "isPullRequest": True,
            }
        )
        return self.add(f"refs/pr/{number}", files)


@dataclass
class FakeHub:
    """What is on the hub, and what was asked of it.

    Attributes:
        repos: ``USER/NAME`` -> repository.
        asked: Paths of all requests, in order.
    """

    repos: dict[str, Repo] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def put(self, name: str, folder: Path, **more: bytes) -> Repo:
        """Add a repository with the files of a folder and ``more`` ones."""
        repo = self.repos.setdefault(name, Repo())
        repo.add("main", files_of(folder) | more)
        return repo

    @property
    def fetched(self) -> set[str]:
        """Names of the files that were asked for."""
        return {path.rpartition("/")[2] for path in self.asked if "/resolve/" in path}


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[FakeHub]:
    """Run a hub, and let huggingface_hub in this process use it with an empty cache."""
    from huggingface_hub import constants

    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            hub.asked.append(unquote(parts.path))
            status, headers, body = _reply(hub, unquote(parts.path), parse_qs(parts.query))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    return Handler


Reply = tuple[int, dict[str, str], bytes]


def _reply(hub: FakeHub, path: str, query: dict[str, list[str]]) -> Reply:
    for name, repo in hub.repos.items():
        if path.startswith(f"/api/models/{name}"):
            return _api(repo, path.removeprefix(f"/api/models/{name}").strip("/"), query)
        if path.startswith(f"/{name}/resolve/"):
            return _file(repo, path.removeprefix(f"/{name}/resolve/"))
    return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"


def _api(repo: Repo, rest: str, query: dict[str, list[str]]) -> Reply:
    kind, _, revision = rest.partition("/")
    if kind == "discussions":
        wanted = query.get("author", [None])[0]
        found = [o for o in repo.offers if wanted in (None, o["author"]["name"])]
        return _json({"discussions": found, "count": len(found), "start": 0})
    if repo.gated:
        return 403, {"X-Error-Code": "GatedRepo"}, b"{}"
    commit = repo.revisions.get(revision or "main", revision)
    if commit not in repo.commits:
        return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
    files = repo.commits[commit]
    if kind == "tree":
        return _json(
            [
                {"type": "file", "path": name, "size": len(data), "oid": _oid(data)}
                for name, data in files.items()
            ]
        )
    return _json({"id": "x/y", "sha": commit, "siblings": [{"rfilename": n} for n in files]})


def _file(repo: Repo, rest: str) -> Reply:
    commit, _, name = rest.partition("/")
    data = repo.commits.get(commit, {}).get(name)
    if data is None:
        return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}, b""
    return 200, {"X-Repo-Commit": commit, "ETag": f'"{_oid(data)}"'}, data


def _json(value: object) -> Reply:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _oid(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
