"""What sounds and videos share when FFmpeg (through PyAV) reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import DecodeError, Reason

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

# A playlist (HLS, concat, DASH) may name other files and addresses; only plain containers are read.
_FORMATS = "mov,mp4,m4a,3gp,matroska,webm,avi,mpeg,mpegts,ogg,flv,asf,aac,mp3,wav,flac,caf,aiff"


@contextmanager
def open_container(path: Path, **options: str) -> Iterator[InputContainer]:
    """Open a sound or video file for reading, confined to that one file."""
    import av

    confined = {"protocol_whitelist": "file", "format_whitelist": _FORMATS, **options}
    # An absolute path, since FFmpeg takes a name like "concat:a|b" for a protocol.
    with av.open(str(path.absolute()), options=confined, metadata_errors="ignore") as container:
        yield container


def whole_packets(container: InputContainer, stream: Stream) -> Iterator[Packet[Any]]:
    """Yield the packets of one stream; the empty one at the end flushes its decoder.

    Raises:
        DecodeError: A packet is only partly in the file.
    """
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise DecodeError(Reason.TRUNCATED, f"a cut or damaged packet at {packet.pts}")
        yield packet
