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

_MOST_STREAMS = 64


@contextmanager
def open_container(path: Path, kind: str, **options: str) -> Iterator[InputContainer]:
    """Open a sound or video file for reading, as what it is, confined to that one file.

    Args:
        path: The file.
        kind: What `pentad.media.sniff.container_of` found it to be.
        **options: Further options of FFmpeg.
    """
    import av

    confined = {
        "protocol_whitelist": "file",
        "format_whitelist": kind,
        "enable_drefs": "0",  # a MOV may say that its pictures are in another file
        "max_streams": str(_MOST_STREAMS),
        **options,
    }
    # An absolute path, since FFmpeg takes a name like "concat:a|b" for a protocol.
    with av.open(
        str(path.absolute()), format=kind, options=confined, metadata_errors="ignore"
    ) as container:
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
