"""One item as PNG, WAV, MP4 or PLY: no metadata, and the same bytes for the same content."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.pipeline.world.clouds import Cloud
from pentad.pipeline.world.mesh import Floats

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_MP4_BLOCK = 20 * 1024
_POINT = np.dtype([("xyz", "<f4", 3), ("rgb", "u1", 3)])
# Looking ahead makes x264 choose differently from run to run, even in one thread (measured: 6
# results in 200 runs over the same 14 frames), so it is off.
_NO_LOOKAHEAD = "bframes=0:mbtree=0:rc-lookahead=0:sync-lookahead=0:weightp=0:scenecut=0"
_X264 = {"preset": "veryfast", "x264-params": f"threads=1:{_NO_LOOKAHEAD}"}


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """Return a picture, uint8 (height, width, 3), as PNG, stored rather than compressed.

    The size of a compressed picture would tell how many toys are in it.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=0)
    return buffer.getvalue()


def wav_bytes(samples: Floats, rate: int) -> bytes:
    """Return mono samples within -1..1 as 16-bit WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(32767 * samples).astype("<i2").tobytes())
    return buffer.getvalue()


def ply_bytes(cloud: Cloud) -> bytes:
    """Return a cloud as binary little-endian PLY."""
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(cloud.xyz)}"]
    header += [f"property float {axis}" for axis in "xyz"]
    header += [f"property uchar {channel}" for channel in ("red", "green", "blue")]
    rows = np.empty(len(cloud.xyz), dtype=_POINT)
    rows["xyz"], rows["rgb"] = cloud.xyz, cloud.rgb
    return "\n".join([*header, "end_header\n"]).encode() + rows.tobytes()


def mp4_bytes(frames: NDArray[np.uint8], fps: int, *, quality: int) -> bytes:
    """Return frames, uint8 (frames, height, width, 3), as H.264 in MP4.

    Args:
        frames: The pictures.
        fps: Frames per second.
        quality: The constant rate factor of x264; smaller is better and larger.
    """
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={**_X264, "crf": str(quality)})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= int(av.codec.context.Flags.bitexact)
        _encode(container, stream, frames)
    return _filled_up(buffer.getvalue())


def _filled_up(movie: bytes) -> bytes:
    """Add a `free` box up to a whole block, so that sizes do not tell how much moves."""
    missing = -len(movie) % _MP4_BLOCK
    if missing < 8:
        missing += _MP4_BLOCK
    return movie + missing.to_bytes(4, "big") + b"free" + bytes(missing - 8)


def _encode(container: OutputContainer, stream: VideoStream, frames: NDArray[np.uint8]) -> None:
    import av
    from av.bitstream import BitStreamFilterContext

    # x264 writes its version and settings into the first packet (SEI, NAL type 6).
    plain = BitStreamFilterContext("filter_units=remove_types=6", stream)
    pictures: list[Any] = [av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in frames]
    for picture in [*pictures, None]:
        for packet in stream.encode(picture):
            container.mux(plain.filter(packet))
    container.mux(plain.filter(None))
