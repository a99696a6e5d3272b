"""Decoded media as an encoder needs them: at its rate, with its frames, points or views."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pentad.media.collected import MAX_RATE, MIN_RATE
from pentad.media.types import Audio, Decoded, DecodeOptions, Points, Video, Views


def fitted(item: Decoded, options: DecodeOptions, *, new: bool = False) -> Decoded:
    """Return what an encoder needs of a decoded value, as `decode` would have given it.

    What `decode` gave stays as it is; ``new`` says that this was never there.
    """
    if isinstance(item, Audio):
        return _at_rate(item, options)
    if isinstance(item, Video) and options.video_frames is not None:
        count, wanted = len(item.frames), options.video_frames
        if count != wanted and count:
            rows = [int((i + 0.5) * count / wanted) for i in range(wanted)]
            return replace(item, frames=item.frames[rows])
    if isinstance(item, Points) and len(item.xyz):
        return _sampled(item, options, new=new)
    return item


def _at_rate(sound: Audio, options: DecodeOptions) -> Audio:
    import soxr

    samples, rate = _cut(sound.samples, sound.rate, options), options.sample_rate or sound.rate
    if rate != sound.rate:
        if not MIN_RATE <= sound.rate <= MAX_RATE:
            raise ValueError(f"a rate of {MIN_RATE} to {MAX_RATE} samples a second")
        samples = np.asarray(soxr.resample(samples, sound.rate, rate), dtype=np.float32)
    return Audio(_cut(samples, rate, options), rate)


def _cut(samples: NDArray[np.float32], rate: int, options: DecodeOptions) -> NDArray[np.float32]:
    seconds = options.max_seconds
    return samples if seconds is None else samples[: max(1, math.ceil(rate * seconds))]


def _sampled(points: Points, options: DecodeOptions, *, new: bool) -> Points | Views:
    if options.views is not None:
        from pentad.media.render import render_views

        return render_views(points, views=options.views, size=options.view_size)
    whole = not new and points.faces is None and options.points == len(points.xyz)
    if options.points is None or whole:
        return points
    from pentad.media.sample import sample_points

    return sample_points(points, options.points)
