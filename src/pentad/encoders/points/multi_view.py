"""Points by any encoder of pictures: rendered from several sides, the mean of the views' vectors.

Encoders that see pictures themselves, those of ONNX cards and of the image families, take points as
views already, a fixed number of them. This is for all others, and for other numbers of views.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.inputs import check_batch_size, check_inputs, check_modality
from pentad.encoders.protocol import ChoosesDecoding, Encoder, is_row_independent
from pentad.media.render import RENDERER, render_views
from pentad.media.types import DecodeOptions, Image, Media, Points, Views

_AT_ONCE = 64


class MultiView:
    """An `Encoder` of what another one encodes, and of points, all in one space.

    Attributes:
        views: Pictures of each cloud or mesh.
        size: Side of a picture in pixels.
    """

    def __init__(self, encoder: Encoder, *, views: int = 12, size: int = 224) -> None:
        """Take an encoder of pictures.

        Args:
            encoder: Its ``encode`` gets the views as `Image`.
            views: Pictures of each cloud or mesh.
            size: Side of a picture in pixels.

        Raises:
            InputError: The encoder does not encode pictures, or a number is below 1.
        """
        check_modality(encoder.name, encoder.modalities, Modality.IMAGE)
        if views < 1 or size < 1:
            raise InputError(
                "views and size must be at least 1", seen=f"views={views}, size={size}"
            )
        self._encoder = encoder
        self.views = views
        self.size = size
        self.name = f"{encoder.name}-views"
        self.revision = encoder.revision
        others = tuple(m for m in encoder.modalities if m is not Modality.POINTS)
        self.modalities: tuple[Modality, ...] = (*others, Modality.POINTS)
        self.dim = encoder.dim
        self.fingerprint = fingerprint_value(
            {"views of": encoder.fingerprint, "views": views, "size": size, "renderer": RENDERER}
        )

    @property
    def row_independent(self) -> bool:
        """Whether a row has the same bits in any company: as the other encoder says."""
        return is_row_independent(self._encoder)

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        kind = check_modality(self.name, self.modalities, modality)
        if kind is Modality.POINTS:
            return DecodeOptions(views=self.views, view_size=self.size)
        if isinstance(self._encoder, ChoosesDecoding):
            return self._encoder.decode_options(kind)
        return DecodeOptions()

    def encode(
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (len(inputs), dim).

        The vector of points is the mean of the views' vectors as the encoder gives them, at length
        1. Points may come as `Views`, or as `Points`, which are rendered here.

        Args:
            inputs: What to encode.
            modality: What they are.
            batch_size: Handed on to the encoder.
        """
        kind = check_modality(self.name, self.modalities, modality)
        if kind is not Modality.POINTS:
            return self._encoder.encode(inputs, modality=kind, batch_size=batch_size)
        check_batch_size(batch_size)
        check_inputs(self.name, inputs, (Views, Points))
        out = np.zeros((len(inputs), self.dim), dtype=np.float32)
        step = max(1, _AT_ONCE // self.views)
        for start in range(0, len(inputs), step):
            part = inputs[start : start + step]
            out[start : start + step] = self._means(part, batch_size)
        return out

    def _means(self, items: Sequence[Media], batch_size: int | None) -> NDArray[np.float64]:
        views = [self._views(item) for item in items]
        pictures = [Image(pixels) for each in views for pixels in each]
        rows = self._encoder.encode(pictures, modality=Modality.IMAGE, batch_size=batch_size)
        starts = np.cumsum([0, *map(len, views)])[:-1]
        means = np.add.reduceat(rows.astype(np.float64), starts, axis=0)
        lengths = np.sqrt(np.sum(means * means, axis=1, keepdims=True))
        return np.asarray(means / np.where(lengths > 0, lengths, 1.0))

    def _views(self, item: Media) -> NDArray[np.uint8]:
        if isinstance(item, Points):
            return render_views(item, views=self.views, size=self.size).images
        return item.images if isinstance(item, Views) else np.zeros((0, 1, 1, 3), dtype=np.uint8)
