"""How requests and results travel between this process and its decoder processes.

A message is a length, a small JSON header, and the raw bytes of its arrays. Nothing is unpickled,
so a decoder that was taken over by a hostile file cannot make its parent run anything.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import DecodeError, PentadError, Reason
from pentad.media.types import Audio, Decoded, DecodeOptions, Image, Points, Video, Views

_KINDS: dict[str, type[Decoded]] = {k.__name__: k for k in (Image, Audio, Video, Points, Views)}
_DTYPES = frozenset({"|u1", "<i4", "<f4"})
_START = b"!"
_MAX_HEADER = 1 << 20
_MAX_ARRAY = 1 << 32


@dataclass(frozen=True)
class DecodeRequest:
    """One file to decode; the arguments of `decode`."""

    path: str | Path
    modality: str
    options: DecodeOptions = field(default_factory=DecodeOptions)
    seed: int = 0


class Closed(Exception):
    """The other end of a pipe is gone."""


class Expired(Exception):
    """The other end said nothing before the deadline."""


def request_message(request: DecodeRequest) -> bytes:
    """Return a request as one message."""
    return _framed(
        {
            "path": os.fsencode(Path.cwd() / request.path).hex(),
            "modality": str(request.modality),
            "options": asdict(request.options),
            "seed": request.seed,
        }
    )


def parse_request(header: dict[str, Any]) -> DecodeRequest:
    """Return the request in a message's header."""
    return DecodeRequest(
        os.fsdecode(bytes.fromhex(header["path"])),
        header["modality"],
        DecodeOptions(**header["options"]),
        header["seed"],
    )


def send_result(fd: int, result: Decoded | DecodeError) -> None:
    """Write a result to a pipe; its arrays are not copied first."""
    if isinstance(result, DecodeError):
        send(fd, [_framed({"reason": result.reason.value, "detail": result.detail})])
        return
    plain: dict[str, Any] = {}
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for name in (entry.name for entry in fields(result)):
        value = getattr(result, name)
        if isinstance(value, np.ndarray):
            arrays[name] = np.ascontiguousarray(value)
        else:
            plain[name] = value
    head = {
        "kind": type(result).__name__,
        "plain": plain,
        "arrays": [[name, a.dtype.str, a.shape] for name, a in arrays.items()],
    }
    send(fd, [_framed(head), *(_bytes(a) for a in arrays.values() if a.size)])


def send_failure(fd: int, error: PentadError) -> None:
    """Say that decoding itself does not work, whatever the file."""
    send(fd, [_framed({"failure": str(error)})])


def _bytes(array: np.ndarray[Any, Any]) -> memoryview:
    return array.data.cast("B")


def receive_result(fd: int, deadline: float) -> Decoded | DecodeError:
    """Read a result from a pipe, arrays straight into their place.

    Raises:
        Closed: The decoder died, or wrote nonsense.
        Expired: ``deadline`` (of the monotonic clock) has passed.
        PentadError: Decoding itself does not work there.
    """
    header = receive_header(fd, deadline)
    if "failure" in header:
        raise PentadError(str(header["failure"]))
    try:
        if "reason" in header:
            return DecodeError(Reason(header["reason"]), header["detail"])
        kind, values = _KINDS[header["kind"]], dict(header["plain"])
        for name, dtype, shape in header["arrays"]:
            values[name] = _receive_array(fd, dtype, shape, deadline)
        return kind(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise Closed(f"not a result: {error}") from error


def _receive_array(
    fd: int, dtype: str, shape: Sequence[int], deadline: float
) -> np.ndarray[Any, Any]:
    if dtype not in _DTYPES or math.prod(shape) > _MAX_ARRAY:
        raise ValueError(f"{dtype} {shape}")
    array = np.empty(tuple(shape), dtype)
    if array.size:
        _receive_into(fd, _bytes(array), deadline)
    return array


def send_start(fd: int) -> None:
    """Say that the decoder process is up."""
    send(fd, [_START])


def receive_start(fd: int, deadline: float) -> None:
    """Wait until the decoder process is up.

    Raises:
        Closed: It ended before.
        Expired: ``deadline`` has passed.
    """
    mark = bytearray(len(_START))
    _receive_into(fd, memoryview(mark), deadline)
    if mark != _START:
        raise Closed(f"{bytes(mark)!r}")


def receive_header(fd: int, deadline: float | None) -> dict[str, Any]:
    """Read the header of the next message."""
    length = bytearray(4)
    _receive_into(fd, memoryview(length), deadline)
    size = int.from_bytes(length, "little")
    if size > _MAX_HEADER:
        raise Closed(f"a header of {size} bytes")
    text = bytearray(size)
    _receive_into(fd, memoryview(text), deadline)
    try:
        header = json.loads(text)
    except ValueError as error:
        raise Closed("a header that is no JSON") from error
    if not isinstance(header, dict):
        raise Closed("a header that is no object")
    return header


def _receive_into(fd: int, view: memoryview, deadline: float | None) -> None:
    if deadline is None:
        while view:
            view = view[_read_some(fd, view) :]
        return
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while view:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise Expired
            view = view[_read_some(fd, view) :]


def _read_some(fd: int, view: memoryview) -> int:
    count = os.readv(fd, [view])
    if count == 0:
        raise Closed("end of pipe")
    return count


def send(fd: int, buffers: Sequence[bytes | memoryview]) -> None:
    """Write all of ``buffers`` to a pipe."""
    for buffer in buffers:
        view = memoryview(buffer)
        while view:
            view = view[os.write(fd, view) :]


def _framed(header: dict[str, Any]) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "little") + text
