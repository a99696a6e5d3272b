"""What readers of shapes share: finding a cloud or mesh, and telling of those that are not read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Gathered
from pentad.evaluation.tasks.files import MediaFiles
from pentad.media.formats import modality_of
from pentad.sources.refusal import Refused

UNPACK = "'pentad unpack SOURCE TARGET' makes .npy of it"


def find_shape(files: MediaFiles, stem: str, *raw: str) -> Path:
    """Return the cloud or mesh of a name, whatever its ending.

    Args:
        files: Where it is looked for.
        stem: Its name without the ending.
        raw: Endings in which it is published and that are not read.

    Raises:
        Refused: It is not there, or only in a form that is not read.
    """
    try:
        return files.find_stem((stem,), Modality.POINTS)
    except Refused as refused:
        if refused.reason is not Reason.MISSING_FILE:
            raise
        missing = refused
    for ending in raw:
        try:
            files.find(f"{stem}{ending}")
        except Refused:
            continue
        detail = f"{stem + ending!r} is there, in a form that is not read; {UNPACK}"
        raise Refused(Reason.UNSUPPORTED, detail)
    raise missing


def form_note(items: Gathered) -> tuple[str, ...]:
    """Return a note on the endings of the files: scores on clouds and on meshes differ."""
    endings = Counter(file.suffix.lower() for file in items.entries().files or ())
    return (f"files: {', '.join(f'{n:,} {ending}' for ending, n in sorted(endings.items()))}",)


def folder_stems(folder: Path) -> list[str]:
    """Return the names, without ending, of the clouds and meshes in a folder; sorted, each once."""
    try:
        names = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []
    return sorted({path.stem for path in names if modality_of(path) is Modality.POINTS})
