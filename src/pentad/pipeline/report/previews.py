"""Media files made small enough for a page, in decoder processes, within a number of bytes."""

from __future__ import annotations

import io
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pentad.core.errors import DecodeError
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.page.facts import Preview
from pentad.media.types import Audio, Decoded, DecodeOptions, Image, Video, Views
from pentad.media.worker import DecodePool, DecodeRequest
from pentad.pipeline.report.sounds import clip_of
from pentad.pipeline.spectrogram import spectrogram_image
from pentad.store.places import locate, place_error

if TYPE_CHECKING:
    from PIL import Image as PillowImage

    from pentad.pipeline.report.details import Content

SIDE, FRAME, SECONDS, RATE = 200, 130, 10.0, 16_000
FRAMES = 3
_QUALITY = 78
_OPTIONS = DecodeOptions(
    image_side=SIDE,
    sample_rate=RATE,
    max_seconds=SECONDS,
    video_frames=FRAMES,
    views=1,
    view_size=SIDE,
)
_LEFT_OUT = "the page holds no more than {0} MB of media"


def make_previews(
    wanted: Mapping[str, Content],
    uses: Counter[str],
    *,
    most_bytes: int,
    workers: int = 1,
    progress: Progress = SILENT,
) -> tuple[dict[str, Preview], int]:
    """Return a preview of every file; a broken one says why, one too many says that.

    Args:
        wanted: Key -> file, the most wanted first.
        uses: How often the page shows each picture; a sound is in the page once.
        most_bytes: Of all media in the page, as base64 has them. The first file that does not fit
            ends it.
        workers: Decoder processes.
        progress: Where files are counted.

    Returns:
        Previews by key, and how many were left out for their size.
    """
    found: dict[str, Preview] = {}
    spent = 0
    coming = _previews(wanted, workers)
    with progress.task("preview", len(wanted)) as bar, closing(coming):
        for key, preview in coming:
            spent += (uses[key] * len(preview.picture) + len(preview.clip)) * 4 // 3
            if spent > most_bytes:
                break
            found[key] = preview
            bar.advance()
    left_out = [key for key in wanted if key not in found]
    reason = _LEFT_OUT.format(most_bytes // 1_000_000)
    for key in left_out:
        found[key] = Preview(_name(wanted[key]), reason=reason)
    return found, len(left_out)


def _previews(
    wanted: Mapping[str, Content], workers: int
) -> Generator[tuple[str, Preview], None, None]:
    """Yield previews in order; files are looked up a few ahead: some are in memory from then on."""
    ahead: deque[tuple[str, DecodeError | None]] = deque()

    def requests() -> Iterator[DecodeRequest]:
        for key, content in wanted.items():
            found = _located(content)
            ahead.append((key, found if isinstance(found, DecodeError) else None))
            if isinstance(found, DecodeRequest):
                yield found

    def gone() -> Iterator[tuple[str, Preview]]:
        while ahead and (error := ahead[0][1]) is not None:
            key = ahead.popleft()[0]
            yield key, _preview(_name(wanted[key]), error)

    with DecodePool(workers) as pool:
        for media in pool.map(requests()):
            yield from gone()
            key = ahead.popleft()[0]
            yield key, _preview(_name(wanted[key]), media)
    yield from gone()


def _located(content: Content) -> DecodeRequest | DecodeError:
    try:
        found = locate(content.file or "")
    except OSError as error:
        return place_error(error)
    start = content.start if content.start is not None else found.start
    end = content.end if content.end is not None else found.end
    return DecodeRequest(found.place, str(content.modality), _OPTIONS, start=start, end=end)


def _preview(name: str, media: Decoded | DecodeError) -> Preview:
    if isinstance(media, DecodeError):
        return Preview(name, reason=media.reason.value.replace("-", " "))
    clip, kind = clip_of(media) if isinstance(media, Audio) else (b"", "")
    picture = _picture(media)
    if picture is None:
        return Preview(name, reason="empty content")
    return Preview(name, _jpeg(picture), *picture.size, clip, kind)


def _picture(media: Decoded) -> PillowImage.Image | None:
    from PIL import Image as Pillow

    match media:
        case Audio():
            return spectrogram_image(media, SIDE) if len(media.samples) else None
        case Image():
            return _reduced(Pillow.fromarray(media.pixels), SIDE)
        case Views():
            return Pillow.fromarray(media.images[0])
        case Video() if len(media.frames):
            frames = [_reduced(Pillow.fromarray(frame), FRAME) for frame in media.frames[:FRAMES]]
            strip = np.concatenate([np.asarray(frame) for frame in frames], axis=1)
            return Pillow.fromarray(strip)
        case _:
            return None


def _reduced(picture: PillowImage.Image, side: int) -> PillowImage.Image:
    scale = min(1.0, side / max(picture.size))
    size = tuple(max(1, round(each * scale)) for each in picture.size)
    return picture.resize((size[0], size[1]))


def _jpeg(picture: PillowImage.Image) -> bytes:
    target = io.BytesIO()
    picture.convert("RGB").save(target, format="JPEG", quality=_QUALITY, optimize=True)
    return target.getvalue()


def _name(content: Content) -> str:
    """Return the name of a file without its folder, which is nobody's business."""
    return Path(content.file or "").name
