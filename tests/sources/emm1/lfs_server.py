"""A Git LFS server on this machine, and clones whose tables are pointers to what it holds."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATH = "/owner/e-mm1.git/info/lfs/objects/batch"


@dataclass
class Lfs:
    """What the server has, how it misbehaves, and what it was asked."""

    url: str = ""
    host: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    hang: dict[str, int] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)
    forgets_ranges: bool = False
    action_base: str | None = None
    action_headers: dict[str, str] = field(default_factory=dict)
    answer: Any = None
    lots: list[list[str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    gets: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    posts: list[Mapping[str, str]] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def add(self, content: bytes) -> str:
        """Hold some content and return the text of its pointer."""
        oid = hashlib.sha256(content).hexdigest()
        self.objects[oid] = content
        return pointer_text(oid, len(content))

    @property
    def remote(self) -> str:
        """The repository's address."""
        return f"{self.url}/owner/e-mm1"


def pointer_text(oid: str, size: int) -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


@contextmanager
def serving() -> Iterator[Lfs]:
    """Run a server for the time of the block."""
    lfs = Lfs()

    class Handler(_Handler):
        state = lfs

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    lfs.host = f"127.0.0.1:{server.server_port}"
    lfs.url = f"http://{lfs.host}"
    try:
        yield lfs
    finally:
        lfs.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: Lfs

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        lfs = self.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        lfs.posts.append(dict(self.headers.items()))
        lfs.bodies.append(body)
        if self.path != PATH:
            self._send(404, b"{}")
            return
        lfs.lots.append([entry["oid"] for entry in body["objects"]])
        answer = lfs.answer or {
            "transfer": "basic",
            "objects": list(map(self._entry, body["objects"])),
        }
        self._send(200, json.dumps(answer).encode(), "application/vnd.git-lfs+json")

    def _entry(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        lfs, oid = self.state, wanted["oid"]
        entry = {"oid": oid, "size": wanted["size"]}
        if oid in lfs.errors or oid not in lfs.objects:
            code = lfs.errors.get(oid, 404)
            return {**entry, "error": {"code": code, "message": f"sorry,\n{code}"}}
        href = f"{lfs.action_base or lfs.url}/objects/{oid}?sig=secret{len(lfs.lots)}"
        return {**entry, "actions": {"download": {"href": href, "header": lfs.action_headers}}}

    def do_GET(self) -> None:
        lfs = self.state
        lfs.gets.append((self.path, dict(self.headers.items())))
        oid = self.path.removeprefix("/objects/").partition("?")[0]
        if self.path in lfs.moved:
            self.send_response(302)
            self.send_header("Location", lfs.moved[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if oid in lfs.stale:
            lfs.stale.remove(oid)
            self._send(403, b"expired")
            return
        content = lfs.objects.get(oid)
        if content is None:
            self._send(404, b"nothing")
            return
        asked = self.headers.get("Range")
        start = 0 if asked is None or lfs.forgets_ranges else int(asked[6:].rstrip("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self._write(oid, content[start:])

    def _write(self, oid: str, content: bytes) -> None:
        lfs = self.state
        if oid in lfs.cut:
            self.wfile.write(content[: lfs.cut.pop(oid)])
            self.close_connection = True
        elif oid in lfs.hang:
            self.wfile.write(content[: lfs.hang.pop(oid)])
            self.wfile.flush()
            lfs.hanging.set()
            lfs.released.wait(60)
            self.close_connection = True
        else:
            self.wfile.write(content)

    def _send(self, status: int, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def table(name: str, rows: int = 20) -> bytes:
    """Content of a table, different for every name."""
    return f"encord_id,{name}\n".encode() + b"".join(b"%d,%a\n" % (i, name) for i in range(rows))


INFOS = ("audio", "image", "points", "text", "video")


def make_clone(
    root: Path, lfs: Lfs, *, ranks: int = 3, remote: str | None = ""
) -> dict[str, bytes]:
    """Make a clone with pointers at ``root`` and return the content behind each of them."""
    names = [f"datasets/e-mm1_100m/infos/{m}.csv" for m in INFOS]
    names += [f"datasets/e-mm1_100m/nn_{k}/data_groups.csv" for k in range(1, ranks + 1)]
    names += [f"datasets/e-mm1_1m/infos/{m}.csv" for m in INFOS]
    names += ["datasets/e-mm1_1m/triplets.csv", "datasets/e-mm1_1m/annotation_mapping.csv"]
    names += ["datasets/eshot/eshot_audio_info.csv", "datasets/eshot/eshot_points_info.csv"]
    names += [f"datasets/eshot/category_to_{m}_ids.json" for m in ("audio", "point")]
    contents = {name: table(name) for name in names}
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(lfs.add(content))
    (root / ".git").mkdir()
    if remote is not None:
        address = remote or lfs.remote
        (root / ".git/config").write_text(
            f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {address}\n'
        )
    return contents
