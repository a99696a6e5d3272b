"""A site of the tests on 127.0.0.1 that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Site:
    """Routes by path, and what came in."""

    routes: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def add(self, path: str, *answers: Answer | bytes) -> str:
        """Answer a path with each answer in turn, then the last one for good."""
        left = list(answers)

        def answer(handler: Handler) -> None:
            with self.lock:
                now = left.pop(0) if len(left) > 1 else left[0]
            (content(now) if isinstance(now, bytes) else now)(handler)

        self.routes[path] = answer
        return self.url(path)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site
    asked: Asked

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        site = self.server.site  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
        self.asked = asked
        with site.lock:
            site.asked.append(asked)
            site.running += 1
            site.most_running = max(site.most_running, site.running)
        try:
            site.routes.get(self.path.partition("?")[0], status(404))(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with site.lock:
                site.running -= 1

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = site
        site.port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are part of the tests."""


def send(handler: Handler, code: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if "Content_Length" not in headers:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int, **headers: str) -> Answer:
    return lambda handler: send(handler, code, b"no", **headers)


def content(body: bytes, **headers: str) -> Answer:
    """Answer with content, or the parts of it that are asked for."""

    def answer(handler: Handler) -> None:
        asked = handler.headers.get("Range", "")
        condition = handler.headers.get("If-Range")
        version = headers.get("ETag") or headers.get("Last_Modified")
        if not asked or (condition is not None and condition != version):
            send(handler, 200, body, **headers)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(body)) + 1, len(body))
        if start >= len(body):
            send(handler, 416, b"", Content_Range=f"bytes */{len(body)}")
            return
        place = f"bytes {start}-{end - 1}/{len(body)}"
        send(handler, 206, body[start:end], Content_Range=place, **headers)

    return answer


def whole(body: bytes, **headers: str) -> Answer:
    """Answer with all of it, whatever part is asked for."""
    return lambda handler: send(handler, 200, body, **headers)


def cut(body: bytes, after: int, **headers: str) -> Answer:
    """State the whole length, send less and hang up."""

    def answer(handler: Handler) -> None:
        send(handler, 200, body[:after], Content_Length=str(len(body)), **headers)
        handler.close_connection = True

    return answer


def redirect(to: str, code: int = 302) -> Answer:
    return lambda handler: send(handler, code, b"", Location=to)


def silent(site: Site, seconds: float = 0.5) -> Answer:
    """Send nothing for a while."""

    def answer(handler: Handler) -> None:
        site.closing.wait(seconds)
        handler.close_connection = True

    return answer


def slow(answer: Answer, seconds: float) -> Answer:
    def late(handler: Handler) -> None:
        time.sleep(seconds)
        answer(handler)

    return late
