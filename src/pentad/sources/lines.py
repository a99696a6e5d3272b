"""Text files line by line, such that one wrong byte costs one line and not the file.

UTF-8 with or without a byte order mark, UTF-16 and UTF-32 with one. A byte that is no text becomes
a lone surrogate, which no proper text holds; `checked_text` finds it.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from pentad.core.errors import Reason
from pentad.sources.refusal import Refused

LINE_LIMIT = 1 << 20
_MARK = 0xDC00
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def mark_bytes(error: UnicodeError) -> tuple[str, int]:
    """Replace every undecodable byte by a lone surrogate that tells which byte it was."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(_MARK + byte) for byte in wrong), error.end


MARKING = "pentad.sources.mark"
codecs.register_error(MARKING, mark_bytes)


def open_text(path: Path, newline: str) -> TextIO:
    """Open a text file for reading in the encoding that its first bytes tell.

    Args:
        path: The file.
        newline: As for `open`: empty keeps every kind of line end, a line feed knows only itself.
    """
    with path.open("rb") as file:
        encoding = _encoding(file.read(4))
    return path.open(encoding=encoding, errors=MARKING, newline=newline)


def decoded_text(data: bytes, newline: str) -> TextIO:
    """Return bytes as `open_text` would open a file that holds them."""
    return io.TextIOWrapper(io.BytesIO(data), _encoding(data[:4]), MARKING, newline)


def _encoding(head: bytes) -> str:
    marked = (name for mark, name in _BYTE_ORDER_MARKS.items() if head.startswith(mark))
    return next(marked, "utf-8-sig")


def numbered_lines(text: TextIO) -> Iterator[tuple[int, str | None]]:
    """Yield 1-based line numbers and lines with their ends; None for a line over the limit."""
    number = 0
    while line := text.readline(LINE_LIMIT):
        number += 1
        whole = len(line) < LINE_LIMIT or line.endswith(("\n", "\r"))
        while not whole:
            rest = text.readline(LINE_LIMIT)
            whole = len(rest) < LINE_LIMIT or rest.endswith(("\n", "\r"))
            line = ""
        yield number, line or None


def checked_text(value: object, column: str | None = None) -> str | None:
    """Return a cell as text, or None for a null.

    Raises:
        Refused: It is no text, or holds bytes that are none.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(
            Reason.BAD_ROW, f"{type(value).__name__} where text is expected", column=column
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _wrong_encoding(value[error.start], column) from None
    if "\0" in value:
        raise Refused(Reason.BAD_ROW, "holds a NUL byte", column=column)
    return value


def _wrong_encoding(char: str, column: str | None) -> Refused:
    byte = ord(char) - _MARK
    seen = f"byte 0x{byte:02x}" if 0 <= byte <= 0xFF else f"lone surrogate {ord(char):04x}"
    return Refused(
        Reason.WRONG_ENCODING, f"{seen} is not valid here; save the file as UTF-8", column=column
    )
