"""The fields of a protocol buffer, read without knowing what they mean."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """The bytes are no protocol buffer."""


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and content of each field: a whole number, or bytes.

    Raises:
        Malformed: The bytes end within a field, or hold an unknown kind of field.
    """
    place = 0
    while place < len(data):
        tag, place = varint(data, place)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise Malformed
        if wire == _VARINT:
            value, place = varint(data, place)
            yield number, value
            continue
        if wire == _BYTES:
            size, place = varint(data, place)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise Malformed
        if place + size > len(data):
            raise Malformed
        yield number, data[place : place + size]
        place += size


def varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return the whole number that begins at ``place``, and where the next field begins.

    Raises:
        Malformed: It does not end.
    """
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise Malformed
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise Malformed
