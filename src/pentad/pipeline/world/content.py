"""The bytes of one item."""

from __future__ import annotations

from pentad.core.seeds import generator
from pentad.pipeline.world.clouds import scan
from pentad.pipeline.world.files import mp4_bytes, ply_bytes, png_bytes, wav_bytes
from pentad.pipeline.world.pictures import FPS, take_clip, take_picture
from pentad.pipeline.world.plan import Item
from pentad.pipeline.world.scene import arrange
from pentad.pipeline.world.sounds import make_sound
from pentad.pipeline.world.timbres import RATE


def item_bytes(item: Item) -> bytes:
    """Return the file of ``item``: PNG, WAV, MP4 or PLY by its modality."""
    rng = generator(item.seed, "content")
    shown = item.shown
    if shown.modality == "audio":
        return wav_bytes(make_sound(shown.subject, rng), RATE)
    scene = arrange(shown.subject, shown.extras, rng)
    if shown.modality == "image":
        return png_bytes(take_picture(scene, rng))
    if shown.modality == "points":
        return ply_bytes(scan(scene, rng))
    clip = take_clip(scene, shown.extras.motion, rng)
    return mp4_bytes(clip, FPS, quality=int(rng.integers(19, 29)))
