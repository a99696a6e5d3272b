"""Point clouds and meshes of the same form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.curation.leakage.copies.found import Copy
from pentad.curation.leakage.prints.cloud import COLORS, FORM
from pentad.curation.leakage.prints.collect import Prints
from pentad.curation.leakage.within import all_within
from pentad.embeddings.embeddings import Embeddings

MOST_APART = 0.035
"""Length of the difference of two prints of the same form; two samples of one mesh are 0.02."""
MOST_COLOR = 24
"""Levels of 255 that a mean color of a copy may differ."""


def cloud_copies(train: Prints, evaluation: Prints) -> list[Copy]:
    """Return the pairs of clouds of the same form; distances are lengths of differences."""
    if not len(train) or not len(evaluation):
        return []
    pairs = all_within(_vectors(evaluation), _vectors(train), -MOST_APART, metric="euclidean")
    return [
        Copy(left, right, max(0.0, 1 + score / (2 * MOST_APART)), -score, f"{-score:.3f} apart")
        for left, right, score in pairs
        if _same_colors(evaluation.rows[left], train.rows[right])
    ]


def _vectors(prints: Prints) -> Embeddings:
    """Return the forms as vectors whose ids are the rows of the prints."""
    forms = np.ascontiguousarray(prints.rows[:, 1 : 1 + 2 * FORM]).view("<f2")
    return Embeddings.from_array(
        forms.astype(np.float16), modality=Modality.POINTS, space="cloud-prints"
    )


def _same_colors(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Tell whether colors agree; where one has none there is nothing that disagrees."""
    flags = one[-1 - COLORS], other[-1 - COLORS]
    apart = np.abs(one[-COLORS:].astype(int) - other[-COLORS:].astype(int))
    return not all(flags) or int(apart.max()) <= MOST_COLOR
