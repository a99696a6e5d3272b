"""The Git LFS batch API: from pointers to the addresses where their content lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin

from pentad.core.errors import StoreError
from pentad.sources.emm1.lfs import Pointer
from pentad.sources.emm1.lfs_remote import Endpoint, origin
from pentad.sources.fetch.errors import printable

LOT = 100
"""How many objects are asked for at a time."""

_TYPE = "application/vnd.git-lfs+json"
_KINDS = {"404": "not-on-server", "410": "removed-from-server", "422": "invalid-object"}
# What says where a request goes, and how its answer is read, is for us to say.
_OURS = frozenset(
    {
        "host", "connection", "content-length", "transfer-encoding", "range", "if-range",
        "accept-encoding", "user-agent",
    }
)  # fmt: skip


class Asks(Protocol):
    """What is needed of a client."""

    def request_json(
        self, method: str, url: str, body: Any, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Send ``body`` as JSON and return the answer."""


@dataclass(frozen=True)
class Action:
    """Where one object is downloaded from.

    Attributes:
        href: Its address.
        headers: To send along, and nowhere else.
    """

    href: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Refusal:
    """Why the server does not give one object.

    Attributes:
        kind: ``not-on-server``, ``removed-from-server``, ``invalid-object`` or ``refused``.
        detail: What the server says, one line.
    """

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


Answer = Action | Refusal


def ask(client: Asks, endpoint: Endpoint, pointers: Sequence[Pointer]) -> dict[str, Answer]:
    """Ask where objects are, `LOT` at a time, and return the answer for each ``oid``.

    Raises:
        StoreError: What the server says is no answer of the batch API.
    """
    wanted = list({pointer.oid: pointer for pointer in pointers}.values())
    answers: dict[str, Answer] = {}
    for start in range(0, len(wanted), LOT):
        answers |= _ask_lot(client, endpoint, wanted[start : start + LOT])
    return answers


def _ask_lot(client: Asks, endpoint: Endpoint, lot: Sequence[Pointer]) -> dict[str, Answer]:
    body = {
        "operation": "download",
        "transfers": ["basic"],
        "hash_algo": "sha256",
        "objects": [{"oid": pointer.oid, "size": pointer.size} for pointer in lot],
    }
    headers = {"Accept": _TYPE, "Content-Type": _TYPE, **endpoint.headers_for(endpoint.batch)}
    answer = client.request_json("POST", endpoint.batch, body, headers)
    objects = answer.get("objects")
    if not isinstance(objects, list) or answer.get("transfer", "basic") != "basic":
        raise StoreError(f"{endpoint.batch}: the answer is not one of the Git LFS batch API")
    found = {str(entry.get("oid")): entry for entry in objects if isinstance(entry, dict)}
    return {pointer.oid: _answer(endpoint, found.get(pointer.oid)) for pointer in lot}


def _answer(endpoint: Endpoint, entry: Mapping[str, Any] | None) -> Answer:
    if entry is None:
        return Refusal("refused", "the server's answer leaves it out")
    error = entry.get("error")
    if isinstance(error, dict):
        code = printable(str(error.get("code")))
        detail = printable(" ".join(str(error.get("message", "")).split()))
        return Refusal(_KINDS.get(code, f"refused ({code})"), detail)
    action = _table(_table(entry.get("actions")).get("download"))
    href = action.get("href")
    if not isinstance(href, str):
        return Refusal("refused", "the server gives no address to download from")
    try:
        return _action(endpoint, urljoin(endpoint.batch, href), _table(action.get("header")))
    except ValueError:
        return Refusal("refused", "the server gives an address that is none")


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _action(endpoint: Endpoint, href: str, given: Mapping[str, Any]) -> Answer:
    scheme = origin(href)[0]
    if scheme not in {"https", origin(endpoint.url)[0]}:
        return Refusal("refused", f"the server sends to an address of kind {scheme!r}")
    headers = {str(name): str(value) for name, value in given.items() if name.lower() not in _OURS}
    if not any(name.lower() == "authorization" for name in headers):
        headers = {**endpoint.headers_for(href), **headers}
    return Action(href, headers)
