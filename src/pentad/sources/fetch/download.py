"""One file from one address: gone on with where it broke off, and checked before it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.sources.fetch.answers import (
    content_length,
    content_range,
    is_encoded,
    is_other_version,
    validator,
)
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.exchange import Answer
from pentad.sources.fetch.magic import check_kind
from pentad.sources.fetch.partial import Partial, target_error

if TYPE_CHECKING:
    from hashlib import _Hash

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Fetched:
    """What came.

    Attributes:
        bytes: Size of the file.
        sha256: Its hash, 64 hex digits.
        status: HTTP status of the last answer.
        content_type: As the server states it, without parameters; may be empty.
        resumed: Whether it was gone on with from an earlier part.
    """

    bytes: int
    sha256: str
    status: int
    content_type: str
    resumed: bool


@dataclass(frozen=True)
class Wanted:
    """What is known of a file before it comes."""

    url: str
    size: int | None
    sha256: str | None
    kind: str | None
    limit: int


Sender = Callable[[Mapping[str, str]], AbstractContextManager[Answer]]


class Download:
    """Tries to fetch one file; every try builds upon what the earlier ones brought.

    Args:
        wanted: What it should be.
        target: Where it goes.
        send: Sends the request with the headers given.
        inspect: Looks at each answer before its body is read, and may raise.
    """

    def __init__(
        self, wanted: Wanted, target: Path, send: Sender, inspect: Callable[[Answer], None]
    ) -> None:
        self._wanted = wanted
        self._send = send
        self._inspect = inspect
        self._partial = Partial(target, wanted.sha256 or wanted.url)

    def attempt(self) -> Fetched:
        """Fetch the file.

        Raises:
            FetchError: It could not be had; what arrived is kept only if it can be built upon.
            StoreError: It cannot be written, or somebody else is fetching the same file.
        """
        try:
            with self._partial.held():
                return self._kept_or_dropped()
        except OSError as error:  # of the disk: the network's are translated
            failure = target_error(self._partial.target, error)
            if isinstance(failure, FetchError):
                self._partial.drop()
            raise failure from error

    def _kept_or_dropped(self) -> Fetched:
        try:
            return self._attempt()
        except FetchError as error:
            size, version = self._partial.arrived()
            buildable = size and (version or self._wanted.sha256)
            if not (error.retriable and buildable) or error.reason is FetchReason.CHANGED:
                self._partial.drop()
            raise

    def _attempt(self) -> Fetched:
        arrived, version = self._partial.arrived()
        with self._send(self._headers(arrived, version)) as answer:
            if answer.status == 416 and arrived:
                raise FetchError(FetchReason.CHANGED, f"{self._wanted.url}: shorter than before")
            answer.check()
            self._inspect(answer)
            start, total = self._start(answer, arrived, version)
            self._check_length(answer, start)
            if start == 0:
                self._partial.begin(validator(answer.headers))
            size, digest = self._write(answer, start)
        if total is not None and size != total:
            raise FetchError(FetchReason.TRUNCATED, f"{self._wanted.url}: {size} of {total} bytes")
        self._verify(size, digest, resumed=start > 0)
        self._partial.finish()
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Fetched(size, digest, answer.status, kind, start > 0)

    def _headers(self, arrived: int, version: str | None) -> dict[str, str]:
        if not arrived:
            return {}
        headers = {"Range": f"bytes={arrived}-"}
        if self._wanted.sha256 is None:
            if version is None:
                return {}
            headers["If-Range"] = version
        return headers

    def _start(self, answer: Answer, arrived: int, version: str | None) -> tuple[int, int | None]:
        """Return where an answer goes on, and the whole size if it says so."""
        if answer.status == 200:
            return 0, None
        stated = content_range(answer.headers)
        if stated is None or not arrived or stated[0] != arrived or is_encoded(answer.headers):
            raise FetchError(
                FetchReason.CHANGED if arrived else FetchReason.BAD_ANSWER,
                f"{self._wanted.url}: not the part that was asked for",
            )
        known = self._wanted.sha256 is not None
        if not known and version is not None and is_other_version(answer.headers, version):
            raise FetchError(FetchReason.CHANGED, f"{self._wanted.url}: other content than before")
        return arrived, stated[2]

    def _check_length(self, answer: Answer, start: int) -> None:
        if is_encoded(answer.headers):
            return
        length = content_length(answer.headers)
        total = None if length is None else start + length
        if total is None:
            return
        self._check_limit(total)
        if self._wanted.size is not None and total != self._wanted.size:
            raise FetchError(
                FetchReason.WRONG_SIZE,
                f"{self._wanted.url}: {total} bytes, {self._wanted.size} expected",
            )

    def _check_limit(self, size: int) -> None:
        if size > self._wanted.limit:
            raise FetchError(
                FetchReason.TOO_LARGE,
                f"{self._wanted.url}: more than {self._wanted.limit} bytes",
            )

    def _write(self, answer: Answer, start: int) -> tuple[int, str]:
        digest = hashlib.sha256()
        size = _hash_into(digest, self._partial.path) if start else 0
        with self._partial.path.open("ab") as file:
            for chunk in answer.chunks():
                size += len(chunk)
                self._check_limit(size)
                digest.update(chunk)
                file.write(chunk)
        length = content_length(answer.headers)
        if length is not None and not is_encoded(answer.headers) and size != start + length:
            raise FetchError(FetchReason.TRUNCATED, f"{self._wanted.url}: {size} bytes came")
        return size, digest.hexdigest()

    def _verify(self, size: int, digest: str, *, resumed: bool) -> None:
        wanted = self._wanted
        if wanted.size is not None and size != wanted.size:
            raise FetchError(
                FetchReason.WRONG_SIZE, f"{wanted.url}: {size} bytes, {wanted.size} expected"
            )
        if wanted.sha256 is not None and digest != wanted.sha256.lower():
            reason = FetchReason.CHANGED if resumed else FetchReason.WRONG_HASH
            raise FetchError(reason, f"{wanted.url}: sha256 {digest}, {wanted.sha256} expected")
        if size or wanted.size is None:
            check_kind(self._partial.path, wanted.kind, wanted.url)


def _hash_into(digest: _Hash, path: Path) -> int:
    size = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return size
