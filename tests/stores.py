"""Object stores for tests: one in memory, and a real S3 server with a proxy that makes trouble."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import fsspec
import pytest

from pentad.store.remote import asking, objects, with_obstore

KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


def upload(folder: Path, to: str) -> None:
    """Put a tree into the store in memory."""
    files = fsspec.filesystem("memory")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        files.pipe(f"/{to}/{path.relative_to(folder).as_posix()}", path.read_bytes())


@contextmanager
def memory_store() -> Iterator[None]:
    """Let ``memory://`` be empty, and forget what was known of stores."""
    with fresh():
        fsspec.filesystem("memory").store.clear()
        try:
            yield
        finally:
            fsspec.filesystem("memory").store.clear()


@contextmanager
def fresh() -> Iterator[None]:
    """Forget buckets and what was known of objects, before and after; waits are short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "WAITS", (0.01, 0.01))
        moment = timedelta(milliseconds=5)
        backoff = {"init_backoff": moment, "max_backoff": moment, "base": 2}
        patch.setitem(with_obstore._RETRIES, "backoff", backoff)
        for _ in forgotten():
            yield


def forgotten() -> Iterator[None]:
    """Forget what this process knows of stores, before and after."""
    forget()
    yield
    forget()


def forget() -> None:
    """Forget what this process knows of stores, as another process would know nothing."""
    objects._bucket.cache_clear()
    asking._known.clear()


@dataclass
class Trouble:
    """What the proxy does to requests; names of objects are without the bucket.

    Attributes:
        denied: Objects that may not be read.
        busy: Object -> how many requests for it are answered 503 first.
        cut: Object -> how many answers end in the middle of the body.
        down: Whether every connection is closed without an answer.
        after: Requests for objects after which it goes down; None for never.
        pause: Seconds that every object takes.
        seen: Method and path -> requests.
    """

    denied: set[str] = field(default_factory=set)
    busy: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    down: bool = False
    after: int | None = None
    pause: float = 0.0
    seen: Counter = field(default_factory=Counter)

    def objects(self) -> int:
        """Return how many requests for the bytes of objects there were."""
        return sum(count for (what, _), count in self.seen.items() if what == "GET object")


@dataclass
class S3:
    """A server that is running.

    Attributes:
        folder: Its buckets are the folders in it.
        trouble: What the proxy before it does.
        endpoint: Address of the proxy.
    """

    folder: Path
    trouble: Trouble
    endpoint: str
    process: subprocess.Popen

    def environment(self) -> dict[str, str]:
        """Return what a program needs to find the server."""
        return {**KEYS, "AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": "us-east-1"}


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """Serve the folders of a folder as buckets; skips where no server is installed."""
    program = shutil.which("rclone", path=sysconfig.get_path("scripts")) or shutil.which("rclone")
    if program is None:
        pytest.skip("needs rclone for a local S3 server")
    port = _free_port()
    process = subprocess.Popen(
        [program, "serve", "s3", "--config", os.devnull, "--addr", f"127.0.0.1:{port}",
         "--auth-key", ",".join(KEYS.values()), "--dir-cache-time", "0s", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _await(port, process)
        with _proxy(port) as (trouble, endpoint), fresh(), pytest.MonkeyPatch.context() as patch:
            server = S3(folder, trouble, endpoint, process)
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
                patch.delenv(name, raising=False)
            for name, value in server.environment().items():
                patch.setenv(name, value)
            yield server
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def memory() -> Iterator[None]:
    """Let a test have ``memory://`` to itself."""
    with memory_store():
        yield


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    """Serve one empty bucket, ``bucket``."""
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    with s3_server(tmp_path / "s3") as server:
        yield server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, process: subprocess.Popen) -> None:
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.025)
    pytest.fail("the S3 server does not start")


@contextmanager
def _proxy(port: int) -> Iterator[tuple[Trouble, str]]:
    trouble = Trouble()
    handler = type("Handler", (_Handler,), {"trouble": trouble, "port": port})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield trouble, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    trouble: Trouble
    port: int

    def do_GET(self) -> None:
        self._pass_on()

    def do_HEAD(self) -> None:
        self._pass_on()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _pass_on(self) -> None:
        key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]
        trouble = self.trouble
        kind = "object" if key else "list"
        trouble.seen[f"{self.command} {kind}", key] += 1
        if trouble.after is not None and trouble.objects() > trouble.after:
            trouble.down = True
        if trouble.down:
            self.close_connection = True
            return
        if self.command == "GET" and key:
            time.sleep(trouble.pause)
        if key in trouble.denied:
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif trouble.busy.get(key):
            trouble.busy[key] -= 1
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
        else:
            self._ask_server(key)

    def _ask_server(self, key: str) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            link.request(self.command, self.path, headers=dict(self.headers))
            answer = link.getresponse()
            body = answer.read()
        except OSError:
            self.close_connection = True
            return
        finally:
            link.close()
        headers = [(n, v) for n, v in answer.getheaders() if n.lower() != "transfer-encoding"]
        cut = bool(self.trouble.cut.get(key)) and self.command == "GET"
        if cut:
            self.trouble.cut[key] -= 1
        self._answer(answer.status, body, headers, cut=cut)

    def _answer(self, status: int, body: bytes, headers: list = (), *, cut: bool = False) -> None:
        self.send_response(status)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            if name.lower() not in {"date", "server", "connection"}:
                self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut
