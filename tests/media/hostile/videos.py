"""Hostile videos, most of them something else that names other files and addresses."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from pentad.core.errors import Reason
from tests.media.hostile.kit import (
    BROKEN,
    CORRUPT,
    TOO_LARGE,
    TRUNCATED,
    UNSUPPORTED,
    World,
    Writer,
    box,
    changed,
    ebml,
    of,
    put,
    riff_chunk,
)
from tests.media.makers import write_video

_entry = of("video")

PLAYLISTS = {
    "hls-file.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "hls-path.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{secret}\n#EXT-X-ENDLIST\n",
    "hls-web.avi": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{web}\n#EXT-X-ENDLIST\n",
    "hls-key.mp4": (
        '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI="{web}"\n'
        "#EXTINF:10,\n{secret}\n#EXT-X-ENDLIST\n"
    ),
    "hls-concat.mkv": (
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\n"
        "concat:{web}|file:///etc/passwd\n#EXT-X-ENDLIST\n"
    ),
    "hls-subfile.mp4": (
        "#EXTM3U\n#EXTINF:10,\nsubfile,,start,0,end,9,,:/etc/passwd\n#EXT-X-ENDLIST\n"
    ),
    "concat.mp4": "ffconcat version 1.0\nfile '{secret}'\n",
    "concat-web.avi": "ffconcat version 1.0\nfile '{web}'\nfile 'file:///etc/passwd'\n",
    "dash.mp4": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1"><BaseURL>{web}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    ),
    "sdp.mp4": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "smil.mp4": '<smil><body><video src="{web}"/><video src="{secret}"/></body></smil>',
    "mss.mp4": '<SmoothStreamingMedia MajorVersion="2"><StreamIndex Url="{web}"/>',
    "imf.mp4": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/">',
    "subtitle.mp4": "1\n00:00:00,000 --> 00:00:05,000\n{secret}\n\n",
    "ass.mkv": "[Script Info]\nScriptType: v4.00+\n[Events]\nDialogue: 0,0:00:00.00,{secret}\n",
    "vobsub.mkv": "# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n",
    "rtsp.mov": "rtsptext\nrtsp://127.0.0.1:{port}/a\n",
    "ram.mp4": "rtsp://127.0.0.1:{port}/a.rm\n{web}\n",
    "avisynth.avi": 'AviSource("{secret}")\n',
    "filter.mp4": "movie={secret}\n",
    "webvtt.webm": "WEBVTT\n\n00:00.000 --> 00:05.000\n{web}\n",
    "metadata.mp4": ";FFMETADATA1\ntitle={secret}\n",
    "tiles.mp4": "TY2\n{secret}\n",
}


def _playlist(text: str) -> Writer:
    def write(path: Path, world: World) -> None:
        web = f"http://127.0.0.1:{world.port}/a.mp4"
        path.write_text(text.format(secret=world.secret, web=web, port=world.port))

    return write


def _hls_in_avi(path: Path, world: World) -> None:
    """An AVI whose subtitles are a playlist."""
    write_video(path)
    data = bytearray(path.read_bytes())
    web = f"http://127.0.0.1:{world.port}/a.mp4"
    text = f"#EXTM3U\n#EXTINF:10,\n{web}\nfile://{world.secret}\n#EXT-X-ENDLIST\n".encode()
    chunk = (
        b"GAB2\0\x02\0" + struct.pack("<I", 2) + b"a\0" + struct.pack("<HI", 4, len(text)) + text
    )
    put(data, b"vids", 0, b"txts")
    at = data.index(b"movi") + 4
    data[at:at] = riff_chunk(b"00tx", chunk)
    path.write_bytes(data)


def external_reference(path: Path, world: World) -> None:
    """A MOV whose pictures are in another file."""
    write_video(path)
    data = path.read_bytes()
    at = data.index(b"dref") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    target = str(world.secret).encode()
    target += b"\0" * (len(target) & 1)
    alias = bytes(6) + struct.pack(">H", 0) + bytes(2) + b"\x01a" + bytes(26) + bytes(12)
    alias += bytes([len(world.secret.name)]) + world.secret.name.encode().ljust(63, b"\0")
    alias += bytes(16) + struct.pack(">HH", 0, 0) + bytes(16)
    alias += struct.pack(">HH", 2, len(target)) + target + struct.pack(">hH", -1, 0)
    entry = box(b"alis", bytes(4), alias)
    new = box(b"dref", struct.pack(">II", 0, 1), entry)
    grown = bytearray(data[:at] + new + data[at + size :])
    more = len(new) - size
    # All boxes around it have grown.
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        spot = grown.index(kind) - 4
        old = int.from_bytes(grown[spot : spot + 4], "big")
        grown[spot : spot + 4] = (old + more).to_bytes(4, "big")
    path.write_bytes(grown)


def _named(kind: bytes, distance: int, value: bytes, **options: str) -> Writer:
    def make(path: Path) -> None:
        write_video(path, **options)

    return changed(make, lambda data: put(data, kind, distance, value))


def _sized(width: int, height: int) -> Writer:
    """An MP4 with another size wherever it says one."""

    def change(data: bytearray) -> None:
        put(data, b"mp4v", 4 + 24, struct.pack(">HH", width, height))
        put(data, b"tkhd", 4 + 76, struct.pack(">II", width << 16, height << 16))
        at = data.index(b"\x00\x00\x01\x20")
        data[at : at + 8] = b"\0" * 8

    return changed(write_video, change)


def _nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"moov", inner)
    return box(b"ftyp", b"isom\0\0\0\0") + inner


def _squeezed_moov(size: int) -> bytes:
    squeezed = zlib.compress(bytes(50 << 20), 9)
    cmov = box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", size), squeezed)
    return box(b"ftyp", b"qt  \0\0\0\0") + box(b"moov", box(b"cmov", cmov))


def _matroska(*elements: bytes, size: int | None = None) -> bytes:
    head = ebml(0x1A45DFA3, ebml(0x4282, b"matroska"))
    return head + ebml(0x18538067, b"".join(elements), size)


def _track(width: int, height: int) -> bytes:
    picture = ebml(0xB0, width.to_bytes(8, "big")) + ebml(0xBA, height.to_bytes(8, "big"))
    entry = ebml(0xD7, b"\1") + ebml(0x73C5, b"\1") + ebml(0x83, b"\1")
    entry += ebml(0x86, b"V_VP9") + ebml(0xE0, picture)
    return ebml(0x1654AE6B, ebml(0xAE, entry))


def _avi_size(data: bytearray) -> None:
    put(data, b"strf", 12, struct.pack("<ii", 0x7FFFFFFF, 0x7FFFFFFF))
    put(data, b"avih", 40, struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF))


def _zeros_behind(share: float) -> Callable[[bytearray], bytes]:
    return lambda data: (
        bytes(data[: int(len(data) * share)]) + bytes(len(data) - int(len(data) * share))
    )


def _other_codec(codec: str) -> Callable[[Path], object]:
    return lambda path: write_video(path, codec)


_SOME = {*BROKEN, Reason.EMPTY}
_ANY = {*_SOME, TOO_LARGE}
VIDEOS = [
    *[_entry(name, UNSUPPORTED, _playlist(text)) for name, text in PLAYLISTS.items()],
    _entry("hls-inside.avi", _SOME, _hls_in_avi),
    _entry("elsewhere.mov", _SOME, external_reference),
    _entry("count.mp4", BROKEN, _named(b"stsz", 12, b"\xff\xff\xff\xff")),
    _entry("sizes.mp4", _SOME, _named(b"stsz", 8, b"\x7f\xff\xff\xff")),
    _entry("times.mp4", _SOME | {Reason.OUT_OF_MEMORY}, _named(b"stts", 8, b"\xff\xff\xff\xff")),
    _entry("far.mp4", _SOME, _named(b"stco", 12, b"\xff\xff\xff\xf0")),
    _entry("size.mp4", _ANY, _sized(65535, 65535)),
    _entry("nested.mp4", BROKEN, _nested(5000)),
    _entry("squeezed.mov", _ANY | {Reason.OUT_OF_MEMORY}, _squeezed_moov(0xFFFFFFF0)),
    _entry("moov.mp4", TRUNCATED, box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", size=0x7FFFFFFF)),
    _entry(
        "wide.mp4",
        {TRUNCATED, CORRUPT},
        box(b"ftyp", b"isom\0\0\0\0") + b"\0\0\0\1mdat" + b"\x7f" + b"\xff" * 7,
    ),
    _entry("tiny-box.mp4", CORRUPT, box(b"ftyp", b"isom\0\0\0\0") + box(b"free", size=3)),
    _entry("only-free.mp4", BROKEN, box(b"ftyp", b"isom\0\0\0\0") + box(b"free") * 5000),
    _entry("no-moov.mp4", BROKEN, box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", bytes(5000))),
    _entry("zeros.mp4", _SOME, changed(write_video, _zeros_behind(0.05))),
    _entry("size.avi", _ANY, changed(_other_codec("ffvhuff"), _avi_size)),
    _entry(
        "count.avi",
        TRUNCATED,
        changed(write_video, lambda data: put(data, b"strh", 40, b"\xff\xff\xff\x7f")),
    ),
    _entry(
        "length.avi",
        BROKEN,
        changed(write_video, lambda data: put(data, b"RIFF", 4, b"\xf0\xff\xff\x7f")),
    ),
    _entry("zeros.avi", _SOME, changed(write_video, _zeros_behind(0.3))),
    _entry("size.mkv", _ANY, _matroska(_track(1 << 30, 1 << 30))),
    _entry("length.mkv", {TRUNCATED, CORRUPT}, _matroska(_track(64, 64), size=(1 << 56) - 2)),
    _entry("no-frames.webm", _SOME, _matroska(_track(64, 64))),
    _entry("element.mkv", _SOME, _matroska(ebml(0x1654AE6B, b"", (1 << 55)))),
    _entry("zeros.mkv", _SOME, changed(write_video, _zeros_behind(0.3))),
    _entry("head.webm", BROKEN, b"\x1a\x45\xdf\xa3" + b"\xff" * 3000),
    _entry("garbage.ts", _SOME, (b"\x47" + bytes(range(187))) * 100),
    _entry("zeros.ts", _SOME, changed(_other_codec("mpeg2video"), _zeros_behind(0.1))),
    _entry("garbage.mpg", _SOME, b"\x00\x00\x01\xba" + bytes(range(256)) * 40),
    _entry("garbage.flv", _SOME, b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + b"\x09\xff\xff\xff" * 2000),
    _entry("garbage.wmv", _SOME, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + b"\xff" * 3000),
    _entry("garbage.ogv", _SOME, b"OggS\0\x02" + b"\xff" * 3000),
    _entry("picture.mp4", UNSUPPORTED, b"\x89PNG\r\n\x1a\n" + bytes(3000)),
    _entry("animation.mp4", UNSUPPORTED, b"GIF89a" + bytes(3000)),
    _entry("raw.mp4", UNSUPPORTED, b"\0\0\0\1\x67\x42" + bytes(3000)),
]
