from __future__ import annotations

from pathlib import Path

import pytest

from pentad.core.errors import Reason
from pentad.sources import lines
from pentad.sources.lines import checked_text, mark_bytes, numbered_lines, open_text
from pentad.sources.refusal import Refused


def _lines(path: Path, data: bytes, newline: str = "") -> list[tuple[int, str | None]]:
    path.write_bytes(data)
    with open_text(path, newline) as text:
        return list(numbered_lines(text))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_numbered_from_one(tmp_path: Path, end: bytes) -> None:
    found = _lines(tmp_path / "t", b"a" + end + end + b"b")
    assert found == [(1, "a" + end.decode()), (2, end.decode()), (3, "b")]


def test_only_a_line_feed_ends_a_line_of_json(tmp_path: Path) -> None:
    assert _lines(tmp_path / "t", b"a\rb\r\nc", "\n") == [(1, "a\rb\r\n"), (2, "c")]


def test_a_mark_at_the_start_is_no_text(tmp_path: Path) -> None:
    assert _lines(tmp_path / "t", "\ufeffa".encode()) == [(1, "a")]


def test_a_long_line_is_passed_over_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_LIMIT", 8)
    data = b"x" * 7 + b"\n" + b"x" * 8 + b"\n" + b"x" * 30 + b"\nshort\n" + b"x" * 16
    found = _lines(tmp_path / "t", data)
    assert found == [(1, "x" * 7 + "\n"), (2, None), (3, None), (4, "short\n"), (5, None)]


def test_a_wrong_byte_is_told_by_its_value(tmp_path: Path) -> None:
    ((_, line),) = _lines(tmp_path / "t", b"caf\xe9 \xc3\xa9")
    with pytest.raises(Refused, match="byte 0xe9") as caught:
        checked_text(line, "caption")
    assert (caught.value.reason, caught.value.column) == (Reason.WRONG_ENCODING, "caption")


def test_only_reading_is_forgiven() -> None:
    with pytest.raises(UnicodeEncodeError):
        mark_bytes(UnicodeEncodeError("utf-8", "x", 0, 1, "reason"))
