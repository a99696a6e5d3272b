"""The cards of the built-in encoders: classical descriptors without weights or downloads."""

from __future__ import annotations

from pentad.core.modality import Modality
from pentad.encoders.card import EncoderCard

_OURS = "computed by Pentad itself; no weights"
_LICENCE = "same as Pentad"

HASHED_TEXT = EncoderCard(
    name="hashed-text",
    revision="1",
    modalities=(Modality.TEXT,),
    dim=1024,
    licence=_LICENCE,
    source=_OURS,
    description=(
        "Counts of hashed words, word pairs and pieces of words. Compares spelling, not meaning: "
        "'dog' and 'puppy' are strangers to it."
    ),
)
IMAGE_DESCRIPTOR = EncoderCard(
    name="image-descriptor",
    revision="1",
    modalities=(Modality.IMAGE, Modality.VIDEO, Modality.POINTS),
    dim=943,
    licence=_LICENCE,
    source=_OURS,
    citation="gradients after Dalal and Triggs 2005; local binary patterns after Ojala et al. 2002",
    description=(
        "Histograms of gradients and colours, layout, outline and texture of a picture; the mean "
        "over frames of a video or rendered views of points. Compares looks, not meaning."
    ),
)
AUDIO_DESCRIPTOR = EncoderCard(
    name="audio-descriptor",
    revision="1",
    modalities=(Modality.AUDIO,),
    dim=810,
    licence=_LICENCE,
    source=_OURS,
    description=(
        "Log-mel statistics, pitch, timbre, loudness contour, onsets and rhythm of a sound. "
        "Compares how it sounds, not what makes the sound."
    ),
)
VIDEO_DESCRIPTOR = EncoderCard(
    name="video-descriptor",
    revision="1",
    modalities=(Modality.VIDEO,),
    dim=1214,
    licence=_LICENCE,
    source=_OURS,
    description=(
        "The image descriptor averaged over frames, and how place, size, tilt, colour and light "
        "change between them. Compares looks and motion, not meaning."
    ),
)
POINTS_DESCRIPTOR = EncoderCard(
    name="points-descriptor",
    revision="1",
    modalities=(Modality.POINTS,),
    dim=834,
    licence=_LICENCE,
    source=_OURS,
    citation="shape distributions after Osada et al. 2002",
    description=(
        "Distances, heights, occupancy, local surface and colours of a point cloud or mesh. "
        "Compares form, not meaning."
    ),
)

BUILTIN: dict[Modality, str] = {
    Modality.TEXT: HASHED_TEXT.name,
    Modality.IMAGE: IMAGE_DESCRIPTOR.name,
    Modality.AUDIO: AUDIO_DESCRIPTOR.name,
    Modality.VIDEO: VIDEO_DESCRIPTOR.name,
    Modality.POINTS: POINTS_DESCRIPTOR.name,
}
"""The built-in encoder of each modality: the one used where nobody names another."""
