"""A hub of data sets that speaks Hugging Face's interface: addresses of files, and lists of them.

The address is that of ``HF_ENDPOINT``, else ``https://huggingface.co``. A token in ``HF_TOKEN`` is
sent to that origin only, and only over https.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from pentad.core.errors import InputError
from pentad.sources.fetch.client import Client
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.guard import parse_address

DEFAULT_ENDPOINT = "https://huggingface.co"

_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)
_REPO = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_MAX_PAGES = 10_000


@dataclass(frozen=True)
class HubFile:
    """One file of a repository.

    Attributes:
        path: Its path there.
        size: Bytes, None if not told.
        sha256: Its hash, None if not told.
    """

    path: str
    size: int | None
    sha256: str | None


class Hub:
    """Addresses and lists of the files of data sets.

    Args:
        client: What asks.
        endpoint: The hub's address; by default ``HF_ENDPOINT`` or Hugging Face.
        token: By default ``HF_TOKEN``.

    Raises:
        InputError: The endpoint is no http or https address.
    """

    def __init__(
        self, client: Client, *, endpoint: str | None = None, token: str | None = None
    ) -> None:
        self._client = client
        address = endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT
        try:
            self._origin = parse_address(address).origin
        except FetchError as error:
            raise InputError(f"the hub's endpoint: {error.detail}") from None
        self._endpoint = address.rstrip("/")
        self._token = (token or os.environ.get("HF_TOKEN") or "").strip() or None

    def resolve_url(self, repo: str, path: str, revision: str = "main") -> str:
        """Return the address of one file.

        Raises:
            InputError: ``repo`` is not ``owner/name``.
        """
        place = f"{_checked(repo)}/resolve/{quote(revision, safe='')}"
        return f"{self._endpoint}/datasets/{place}/{quote(path.strip('/'))}"

    def headers(self, url: str) -> dict[str, str]:
        """Return the headers to send to an address: the token where it belongs, else nothing."""
        parts = parse_address(url)
        if self._token is None or parts.scheme != "https" or parts.origin != self._origin:
            return {}
        return {"Authorization": f"Bearer {self._token}"}

    def listing(
        self, repo: str, path: str = "", revision: str = "main", *, pattern: str | None = None
    ) -> list[HubFile]:
        """List the files beneath a folder of a repository, in order of their paths.

        Args:
            repo: ``owner/name``.
            path: The folder.
            revision: Branch, tag or commit.
            pattern: Keep only paths like this, with ``*`` and ``?``.

        Raises:
            FetchError: The list cannot be had.
        """
        place = f"{_checked(repo)}/tree/{quote(revision, safe='')}"
        folder = f"/{quote(path.strip('/'))}" if path.strip("/") else ""
        url: str | None = f"{self._endpoint}/api/datasets/{place}{folder}?recursive=1"
        found: list[HubFile] = []
        for _ in range(_MAX_PAGES):
            if url is None:
                break
            value, headers = self._page(repo, url)
            found += [file for entry in value if (file := _file(entry)) is not None]
            url = self._next(url, headers)
        else:
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: a list of files that never ends")
        if pattern is not None:
            found = [file for file in found if fnmatch.fnmatchcase(file.path, pattern)]
        return sorted(found, key=lambda file: file.path)

    def _page(self, repo: str, url: str) -> tuple[list[object], Mapping[str, str]]:
        try:
            value, headers = self._client.answered_json("GET", url, None, self.headers(url))
        except FetchError as error:
            raise self.explained(repo, error) from error
        if not isinstance(value, list):
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: the answer is no list of files")
        return value, headers

    def _next(self, url: str, headers: Mapping[str, str]) -> str | None:
        match = _NEXT.search(headers.get("Link", ""))
        if match is None:
            return None
        coming: str = urljoin(url, match[1])
        if parse_address(coming).origin != self._origin:
            raise FetchError(FetchReason.BAD_ANSWER, f"{url}: the list goes on at another host")
        return coming

    def explained(self, repo: str, error: FetchError) -> FetchError:
        """Return a refusal of the hub with what may help against it."""
        if error.reason is not FetchReason.FORBIDDEN:
            return error
        way = (
            f"the token in HF_TOKEN may not read {repo}; accept its terms on {self._endpoint}"
            if self._token
            else f"{repo} may ask for an account: accept its terms and set HF_TOKEN"
        )
        return FetchError(error.reason, f"{error.detail}; {way}")


def _checked(repo: str) -> str:
    if not _REPO.fullmatch(repo) or ".." in repo:
        raise InputError("a repository is written owner/name", seen=repo)
    return repo


def _file(entry: object) -> HubFile | None:
    if not isinstance(entry, dict) or entry.get("type") != "file":
        return None
    path, size, lfs = entry.get("path"), entry.get("size"), entry.get("lfs")
    if not isinstance(path, str):
        return None
    digest = lfs.get("oid") if isinstance(lfs, dict) else None
    return HubFile(
        path, size if isinstance(size, int) else None, digest if isinstance(digest, str) else None
    )
