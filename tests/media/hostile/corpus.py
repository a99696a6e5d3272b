"""The whole corpus."""

from __future__ import annotations

from tests.media.hostile.pictures import PICTURES
from tests.media.hostile.places import PLACES, ZEROS
from tests.media.hostile.shapes import SHAPES
from tests.media.hostile.sounds import SOUNDS
from tests.media.hostile.videos import VIDEOS

CORPUS = [*PICTURES, *SOUNDS, *VIDEOS, *SHAPES, *PLACES, *ZEROS]
