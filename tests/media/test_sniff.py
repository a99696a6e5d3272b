"""Containers are told by their content, and what is none is not shown to FFmpeg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.media.decode import decode
from pentad.media.sniff import container_of
from tests.media.makers import MAKERS, make, write_av_sound, write_sound, write_video

KINDS = {
    "a.wav": "wav", "a.flac": "flac", "a.ogg": "ogg", "a.mp3": "mp3", "a.aiff": "aiff",
    "a.au": "au", "b.m4a": "mov", "b.aac": "aac", "b.webm": "matroska", "b.opus": "ogg",
    "a.mp4": "mov", "fast.mp4": "mov", "a.mkv": "matroska", "a.avi": "avi", "a.mov": "mov",
    "a.webm": "matroska", "vp8.webm": "matroska",
}  # fmt: skip
ID3 = b"ID3\x04\0\0\0\0\x01\0" + bytes(128)


@pytest.mark.parametrize("modality", ["audio", "video"])
def test_every_container_is_known(tmp_path: Path, modality: str) -> None:
    for name in MAKERS[modality]:
        assert container_of(make(tmp_path, modality, name)) == KINDS[name]


@pytest.mark.parametrize(
    ("name", "codec", "kind"),
    [
        ("a.ts", "mpeg2video", "mpegts"),
        ("a.m2ts", "mpeg2video", "mpegts"),
        ("a.flv", "flv", "flv"),
        ("a.wmv", "wmv2", "asf"),
        ("a.3gp", "mpeg4", "mov"),
    ],
)
def test_so_are_older_ones(tmp_path: Path, name: str, codec: str, kind: str) -> None:
    path = write_video(tmp_path / name, codec)
    assert container_of(path) == kind
    assert len(decode(path, "video").frames) == 40


def test_a_stream_that_begins_midway(tmp_path: Path) -> None:
    data = write_sound(tmp_path / "a.mp3").read_bytes()
    (tmp_path / "b.mp3").write_bytes(data[150:])
    assert container_of(tmp_path / "b.mp3") == "mp3"
    assert len(decode(tmp_path / "b.mp3", "audio").samples) > 20_000
    data = write_video(tmp_path / "a.ts", "mpeg2video").read_bytes()
    (tmp_path / "b.ts").write_bytes(data[100:])
    assert container_of(tmp_path / "b.ts") == "mpegts"


@pytest.mark.parametrize(("name", "kind"), [("a.mp3", "mp3"), ("b.aac", "aac"), ("a.flac", "flac")])
def test_a_tag_in_front(tmp_path: Path, name: str, kind: str) -> None:
    path = make(tmp_path, "audio", name)
    whole = decode(path, "audio").samples
    path.write_bytes(ID3 + path.read_bytes())
    assert container_of(path) == kind
    assert len(decode(path, "audio").samples) == pytest.approx(len(whole), rel=0.05)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"G", b"#EXTM3U\n", b"RIFF\0\0\0\0CDXA", bytes(5000), b"\xff" * 5000,
     np.random.default_rng(0).bytes(70_000).replace(b"\xff", b"")],
)  # fmt: skip
def test_what_is_no_container(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    found = container_of(tmp_path / "a")
    assert found in (None, "mp3")
    if not data.startswith(b"\xff"):
        assert found is None


def test_the_ending_plays_no_part(tmp_path: Path) -> None:
    path = write_av_sound(tmp_path / "a.m4a", "aac").rename(tmp_path / "a.wav")
    assert container_of(path) == "mov"
    assert len(decode(path, "audio").samples) > 40_000
