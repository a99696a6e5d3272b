"""How requests and results travel between this process and its decoder processes.

A message is a length, a small JSON header, and raw bytes: those of its arrays, or those of the file
where it is in memory. Nothing is unpickled, so a decoder that was taken over by a hostile file
cannot make its parent run anything.
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
from pentad.media.files import MAX_FILE_BYTES
from pentad.media.source import name_of
from pentad.media.types import Audio, Decoded, DecodeOptions, Image, Points, Video, Views
from pentad.store.places import Loaded, Member, Place

_KINDS: dict[str, type[Decoded]] = {k.__name__: k for k in (Image, Audio, Video, Points, Views)}
_DTYPES = frozenset({"|u1", "<i4", "<f4"})
_START = b"!"
_MAX_HEADER = 1 << 20
_MAX_ARRAY = 1 << 32
_MAX_LOADED = max(MAX_FILE_BYTES.values())
_BLOCK = 1 << 20


@dataclass(frozen=True)
class DecodeRequest:
    """One file to decode, or a part of one; the arguments of `decode`."""

    path: str | Place
    modality: str
    options: DecodeOptions = field(default_factory=DecodeOptions)
    seed: int = 0
    start: float | None = None
    end: float | None = None

    @property
    def name(self) -> str:
        """What the file is called in messages."""
        return name_of(self.path)


class Closed(Exception):
    """The other end of a pipe is gone."""


class Expired(Exception):
    """The other end said nothing before the deadline."""


def request_message(request: DecodeRequest) -> list[bytes]:
    """Return a request as one message, in pieces."""
    header = {
        "place": _plain(request.path),
        "modality": str(request.modality),
        "options": asdict(request.options),
        "seed": request.seed,
        "start": _number(request.start),
        "end": _number(request.end),
    }
    data = [request.path.data] if isinstance(request.path, Loaded) else []
    return [_framed(header), *data]


def _plain(place: str | Place) -> dict[str, Any]:
    match place:
        case Loaded():
            return {"size": len(place.data), "name": place.name}
        case Member():
            spot = {"offset": int(place.offset), "size": int(place.size), "name": place.name}
            return {"file": _absolute(place.file), **spot}
        case _:
            return {"path": _absolute(place)}


def _absolute(path: str | Path) -> str:
    return os.fsencode(Path.cwd() / path).hex()


def _number(value: float | None) -> float | None:
    """Return seconds as they are sent; what is no number becomes NaN, which `decode` refuses."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return math.nan


def receive_request(fd: int) -> DecodeRequest:
    """Wait for the next request, as long as it takes.

    Raises:
        Closed: The other end is gone, or wrote nonsense.
        DecodeError: There is no memory for the bytes in it; they have been passed over.
    """
    header = receive_header(fd, None)
    try:
        return DecodeRequest(
            _place(fd, header["place"]),
            header["modality"],
            DecodeOptions(**header["options"]),
            header["seed"],
            header["start"],
            header["end"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Closed(f"not a request: {error}") from error


def _place(fd: int, plain: dict[str, Any]) -> str | Place:
    if "path" in plain:
        return os.fsdecode(bytes.fromhex(plain["path"]))
    if "file" in plain:
        file = Path(os.fsdecode(bytes.fromhex(plain["file"])))
        return Member(file, plain["offset"], plain["size"], plain["name"])
    return Loaded(_receive_bytes(fd, plain["size"], plain["name"]), plain["name"])


def _receive_bytes(fd: int, size: int, name: str) -> bytes:
    if not 0 <= size <= _MAX_LOADED:
        raise ValueError(f"{size} bytes")
    try:
        data = bytearray(size)
    except MemoryError:
        block = bytearray(_BLOCK)
        while size:
            size -= _read_some(fd, memoryview(block)[:size])
        raise DecodeError(Reason.OUT_OF_MEMORY, f"{name}: does not fit in memory") from None
    _receive_into(fd, memoryview(data), None)
    return bytes(data)


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


def send(fd: int, buffers: Sequence[bytes | memoryview], deadline: float | None = None) -> None:
    """Write all of ``buffers`` to a pipe; with a deadline, the pipe must not block.

    Raises:
        Expired: ``deadline`` has passed.
    """
    for buffer in buffers:
        view = memoryview(buffer)
        while view:
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                _await_room(fd, deadline)


def _await_room(fd: int, deadline: float | None) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_WRITE)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not selector.select(left):
            raise Expired


def _framed(header: dict[str, Any]) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "little") + text
