"""Which file endings belong to which modality."""

from __future__ import annotations

from pathlib import Path

from pentad.core.modality import Modality

EXTENSIONS: dict[Modality, frozenset[str]] = {
    Modality.IMAGE: frozenset(
        {
            ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif",
            ".tiff", ".ppm", ".pgm", ".pbm", ".avif",
        }
    ),
    Modality.AUDIO: frozenset(
        {
            ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".mka", ".aif",
            ".aiff", ".aifc", ".au", ".caf", ".wma",
        }
    ),
    Modality.VIDEO: frozenset(
        {
            ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".ogv",
            ".flv", ".wmv", ".3gp",
        }
    ),
    Modality.POINTS: frozenset({".ply", ".npy", ".glb", ".gltf", ".obj", ".stl", ".off"}),
}  # fmt: skip
"""Known endings in lower case, with their dot. Text has none: captions come from tables."""

_MODALITY_OF = {suffix: kind for kind, suffixes in EXTENSIONS.items() for suffix in suffixes}


def modality_of(path: str | Path) -> Modality | None:
    """Return the modality that the ending of ``path`` stands for, or None for an unknown ending.

    Examples:
        >>> modality_of("sounds/Rain.OGG")
        <Modality.AUDIO: 'audio'>
        >>> modality_of("notes.txt") is None
        True
    """
    return _MODALITY_OF.get(Path(path).suffix.lower())
