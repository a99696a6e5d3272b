"""Remote content read like a file that only goes forward, over connections that may break."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from pentad.sources.fetch.answers import (
    content_length,
    content_range,
    is_encoded,
    is_other_version,
    validator,
)
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.exchange import Answer

Sender = Callable[[Mapping[str, str]], AbstractContextManager[Answer]]
Pause = Callable[[int, FetchError], None]


class Stream(io.RawIOBase):
    """Bytes ``start`` to ``end`` at an address; asks for the rest where a connection breaks.

    Args:
        url: The address, for messages.
        send: Sends the request with the headers given.
        pause: Waits before try number n after an error, or raises that error.
        start: First byte, None for the whole content.
        end: The byte after the last, None for all there is.
        version: What tells this version of the content from others, if it was read before.

    Attributes:
        size: Size of the whole content, None where the server does not say.
        url: Where the content came from after redirects.
        version: What tells this version from others, None if the server gives nothing.
    """

    def __init__(
        self,
        url: str,
        send: Sender,
        pause: Pause,
        start: int | None,
        end: int | None,
        version: str | None = None,
    ) -> None:
        self.url = url
        self.size: int | None = None
        self._send = send
        self._pause = pause
        self._begin = self._at = start or 0
        self._end = end
        self._ranged = start is not None or end is not None
        self.version = version
        self._answer = ExitStack()
        self._chunks: Iterator[bytes] | None = None
        self._rest = memoryview(b"")
        self._tries = 0
        self._dead: FetchError | None = None
        self._rest = memoryview(self._next_chunk())

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes, none only at the end.

        Raises:
            FetchError: They cannot be had.
        """
        if not self._rest:
            self._rest = memoryview(self._next_chunk())
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Close the connection."""
        self._answer.close()
        super().close()

    def _next_chunk(self) -> bytes:
        if self._dead is not None:
            raise self._dead
        while True:
            try:
                return self._try_chunk()
            except FetchError as error:
                self._answer.close()
                self._chunks = None
                self._wait(error)

    def _wait(self, error: FetchError) -> None:
        """Wait before another try, or give the stream up for good."""
        self._tries += 1
        try:
            if self._at > self._begin and self.version is None:
                raise error
            self._pause(self._tries, error)
        except FetchError as final:
            self._dead = final
            raise

    def _try_chunk(self) -> bytes:
        if self._end is not None and self._at >= self._end:
            return b""
        if self._chunks is None:
            self._chunks = self._open()
        chunk = next(self._chunks, b"")
        if not chunk and self._end is not None:
            raise FetchError(FetchReason.TRUNCATED, f"{self.url}: ends at byte {self._at}")
        self._at += len(chunk)
        self._tries = 0 if chunk else self._tries
        return chunk

    def _open(self) -> Iterator[bytes]:
        again = self._at > self._begin
        answer = self._answer.enter_context(self._send(self._headers(again)))
        answer.check()
        if self._ranged or again:
            self._check_part(answer, again)
        else:
            self.size = None if is_encoded(answer.headers) else content_length(answer.headers)
            self._end = self.size
        self.version = self.version or validator(answer.headers)
        self.url = answer.url.text
        return answer.chunks()

    def _headers(self, again: bool) -> dict[str, str]:
        if not (self._ranged or again):
            return {}
        last = "" if self._end is None else self._end - 1
        headers = {"Range": f"bytes={self._at}-{last}"}
        if self.version is not None:
            headers["If-Range"] = self.version
        return headers

    def _check_part(self, answer: Answer, again: bool) -> None:
        if answer.status == 200:
            if again or self.version is not None:
                raise FetchError(FetchReason.CHANGED, f"{self.url}: other content than before")
            raise FetchError(FetchReason.NO_RANGES, f"{self.url}: the server sends no parts")
        stated = content_range(answer.headers)
        if stated is None or stated[0] != self._at or is_encoded(answer.headers):
            raise FetchError(FetchReason.BAD_ANSWER, f"{self.url}: not the part asked for")
        if self.version is not None and is_other_version(answer.headers, self.version):
            raise FetchError(FetchReason.CHANGED, f"{self.url}: other content than before")
        self.size = stated[2]
        if self._end is None or (self.size is not None and self._end > self.size):
            self._end = stated[1]
