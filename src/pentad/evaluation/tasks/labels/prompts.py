"""Prompts for the names of classes, by what the items are, and names made fit for prompts."""

from __future__ import annotations

SOUND = ("a sound of {}", "the sound of {}", "a recording of {}", "{} can be heard")
VIDEO = ("a video of {}", "a clip of {}", "a video that shows {}", "a photo of {}")
SHAPE = (
    "a point cloud of a {}",
    "a 3D model of a {}",
    "a 3D shape of a {}",
    "a rendering of a {}",
    "a photo of a {}",
    "a {}",
)
SCAN = ("a point cloud of a {}", "a 3D scan of a {}", "a scanned {}", "a photo of a {}")


def readable(name: str) -> str:
    """Return the name of a class as it may stand in a sentence.

    Underscores become blanks, and a word that only begins with a capital is written small, since
    data sets capitalize what are no names.

    Examples:
        >>> readable("Boat_and_Water_vehicle")
        'boat and water vehicle'
        >>> readable("TV_stand")
        'TV stand'
    """
    return " ".join(_small(word) for word in name.replace("_", " ").split())


def _small(word: str) -> str:
    small = word.lower()
    return small if word[1:] == small[1:] else word
