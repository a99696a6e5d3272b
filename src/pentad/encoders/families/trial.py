"""Whether the bits of a row depend on its place in a run or on what else is in the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pentad.core.modality import Modality
from pentad.encoders.samples import sample_input

if TYPE_CHECKING:
    from pentad.encoders.families.torch_encoder import TorchEncoder


def rows_keep_their_bits(encoder: TorchEncoder) -> bool:
    """Encode a few made-up inputs in two orders, runs filled up, and compare every bit."""
    size = encoder.rows_a_run
    return all(_keeps(encoder, modality, size) for modality in encoder.modalities)


def _keeps(encoder: TorchEncoder, modality: Modality, size: int) -> bool:
    options = encoder.decode_options(modality)
    inputs = [sample_input(modality, number, options) for number in range(min(size, 3) + 1)]
    forth = encoder.encode(inputs, modality=modality, batch_size=size, normalize=False)
    back = encoder.encode(inputs[::-1], modality=modality, batch_size=size, normalize=False)
    alone = encoder.encode(inputs[:1], modality=modality, batch_size=size, normalize=False)
    return np.array_equal(forth, back[::-1]) and np.array_equal(forth[:1], alone)
