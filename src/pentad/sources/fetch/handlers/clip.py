"""Whether a clip is what was asked for: its length, and the streams that are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pentad.core.errors import DecodeError
from pentad.media.container import open_container
from pentad.media.sniff import container_of
from pentad.sources.fetch.errors import FetchError, FetchReason


def check_clip(path: Path, seconds: float | None, tolerance: float) -> frozenset[str]:
    """Return which of ``audio`` and ``video`` a clip has.

    Args:
        path: The clip.
        seconds: How long it must be, None for any length.
        tolerance: How many seconds it may be longer or shorter.

    Raises:
        FetchError: ``unusable`` if it cannot be read, ``wrong-duration``.
    """
    import av

    try:
        kind = container_of(path)
        if kind is None:
            raise ValueError("not a known container")
        with open_container(path, kind) as container:
            streams = container.streams
            found = frozenset(s.type for s in streams if _has_packet(path, kind, s.index))
            length = _length(container)
    except (av.FFmpegError, DecodeError, OSError, ValueError) as error:
        text = " ".join(str(error).split())
        raise FetchError(FetchReason.UNUSABLE, f"{path.name}: no clip ({text})") from error
    if seconds is not None and not _near(length, seconds, tolerance):
        shown = "unknown" if length is None else f"{length:.2f} s"
        raise FetchError(FetchReason.WRONG_DURATION, f"lasts {shown}, {seconds:g} s expected")
    return found & {"audio", "video"}


def _near(length: float | None, seconds: float, tolerance: float) -> bool:
    return length is not None and abs(length - seconds) <= tolerance


def _length(container: Any) -> float | None:
    if container.duration:
        return float(container.duration) / 1_000_000
    lengths = [s.duration * s.time_base for s in container.streams if s.duration and s.time_base]
    return float(max(lengths)) if lengths else None


def _has_packet(path: Path, kind: str, index: int) -> bool:
    with open_container(path, kind) as container:
        return any(packet.size for packet in container.demux(container.streams[index]))
