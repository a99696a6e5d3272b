from __future__ import annotations

from pathlib import Path

import pytest

from pentad.sources.fetch.errors import FetchError
from pentad.sources.fetch.magic import check_kind

BMP = b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(100)
STREAM = (b"G" + bytes(187)) * 3


@pytest.mark.parametrize(
    ("kind", "head", "fits"),
    [
        ("image", BMP, True),
        ("image", b"BMW dealers near you: 404", False),
        ("image", b"GIF89a", True),
        ("image", b"<svg xmlns=", False),
        ("image", b"\xff\xd8\xff\xe0", True),
        ("image", b"\0\0\0\x20ftypavif", True),
        ("video", b"\0\0\0\x20ftypavif", False),
        ("video", b"\0\0\0\x20ftypisom", True),
        ("video", STREAM, True),
        ("video", b"Gateway timeout. " * 30, False),
        ("video", b"GIF89a" + bytes(600), False),
        ("audio", b"Gone", False),
        ("points", b"\x93NUMPY", True),
        ("points", b"\x80\x04\x95", False),
        ("points", b"PK\3\4", False),
        ("sound", b"RIFF\0\0\0\0WAVE", True),
        ("sound", b"RIFF\0\0\0\0WEBP", False),
        ("sound", b"FORM\0\0\0\0AIFF", True),
        ("sound", b"fLaC", True),
        ("sound", b"\xff\xfb\x90\0", True),
        ("sound", b"\xff\xd8\xff\xe0", False),
        ("sound", b"\0\0\0\x20ftypisom", True),
        ("sound", b"<html>", False),
        ("file", b"solid cube", True),
        ("file", b" <!DOCTYPE html>", False),
    ],
)
def test_what_a_file_is_by_its_first_bytes(
    tmp_path: Path, kind: str, head: bytes, fits: bool
) -> None:
    (tmp_path / "x").write_bytes(head)
    if fits:
        check_kind(tmp_path / "x", kind, "x")
    else:
        with pytest.raises(FetchError, match="wrong-content-type"):
            check_kind(tmp_path / "x", kind, "x")
