"""EShot as one more task of a run: sounds by clouds, clouds by sounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import InputError, PentadError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.eshot import eshot_scores, rank_eshot
from pentad.evaluation.eshot_vectors import Vectorizer
from pentad.evaluation.results.task_result import TaskResult
from pentad.sources.emm1.eshot import EShot, find_eshot, load_eshot

if TYPE_CHECKING:
    from pentad.evaluation.eshot import RankedEShot

NAME = "eshot"
NEEDS = "eshot_audio_info.csv, eshot_points_info.csv and their files, as E-MM1 publishes them"


def find_benchmark(root: Path) -> EShot | None:
    """Return EShot where it lies in a folder or in a direct sub-folder; None where it does not.

    Raises:
        InputError: Its tables are broken.
    """
    for folder in [root, *sorted(path for path in root.iterdir() if path.is_dir())]:
        try:
            place = find_eshot(folder)
        except PentadError:
            continue
        return load_eshot(place, media_root=folder)
    return None


def revision(eshot: EShot) -> str:
    """Return 16 hex digits over classes and file names."""
    rows = {
        m: {name: found.tolist() for name, found in eshot.rows(m).items()}
        for m in ("audio", "points")
    }
    files = {m: [path.name for path in eshot.paths(m)] for m in rows}
    return fingerprint_value([rows, files])[:16]


def eshot_result(
    eshot: EShot,
    models: tuple[Vectorizer, Vectorizer],
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> TaskResult:
    """Return the scores of a model, by the published protocol.

    Args:
        eshot: The benchmark.
        models: Of the sounds and of the clouds.
        workers: Decoder processes; default one a processor.
        progress: Where to report.

    Raises:
        InputError: Nothing of it can be scored.
    """
    ranked = rank_eshot(eshot, models, workers=workers, progress=progress)
    return TaskResult(
        task=NAME,
        revision=revision(eshot),
        split="test",
        directions=tuple(eshot_scores(ranked)),
        kind="classification",
        absent=_absent(ranked),
        notes=("a class is the mean of its items of the other modality",),
    )


def _absent(ranked: RankedEShot) -> dict[str, int]:
    counts: dict[str, int] = {}
    for vectors in ranked.vectors.values():
        for each in vectors.missing:
            reason = "not on disk" if each.absent else each.reason.partition(":")[0]
            counts[reason] = counts.get(reason, 0) + 1
    return counts


def check_wanted(root: Path) -> EShot:
    """Return EShot, which was asked for by name.

    Raises:
        InputError: It does not lie there.
    """
    found = find_benchmark(root)
    if found is None:
        raise InputError(f"EShot is not in this folder; it needs {NEEDS}", file=root)
    return found
