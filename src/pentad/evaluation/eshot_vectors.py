"""The embeddings of EShot, from whatever gives them: a matrix, an encoder, or a function of paths.

The published protocol takes means of vectors as the model gives them, so they are neither rounded
nor made unit length here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason
from pentad.core.progress import SILENT, Progress
from pentad.encoders.inputs import check_modality
from pentad.encoders.protocol import Encoder
from pentad.evaluation.encode import Missing, Vectors, encode_files
from pentad.evaluation.path_functions import (
    NOUNS,
    PathFunction,
    as_matrix,
    call_function,
    first_unusable,
)

if TYPE_CHECKING:
    from pentad.sources.emm1.eshot import EShot

Vectorizer = Encoder | PathFunction | NDArray[Any]

_log = logging.getLogger(__name__)


def eshot_vectors(
    eshot: EShot,
    modality: str,
    source: Vectorizer,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Vectors:
    """Return one vector for every row that has a file, or for every row of a matrix.

    Args:
        eshot: The benchmark.
        modality: ``audio`` or ``points``.
        source: A matrix with one row for each row of the info table; an encoder, to which the files
            are decoded; or a function that takes a list of paths and returns their matrix. Where no
            file at all is there, a function gets the paths of all rows: it may know them by name.
        workers: Decoder processes of an encoder; default one a processor.
        progress: Where to report.

    Raises:
        InputError: A matrix does not fit, a vector is zero or not finite, or there is none.
    """
    if isinstance(source, Encoder):
        found = _from_encoder(eshot, modality, source, workers, progress)
    elif callable(source):
        found = _from_function(eshot, modality, source)
    else:
        rows = np.arange(eshot.table(modality).height)
        found = Vectors(rows, as_matrix(source, len(rows), modality))
    _check_rows(eshot, modality, found)
    return found


def _from_encoder(
    eshot: EShot, modality: str, encoder: Encoder, workers: int | None, progress: Progress
) -> Vectors:
    check_modality(encoder.name, encoder.modalities, modality)
    rows = np.flatnonzero(eshot.present(modality))
    if not len(rows):
        raise _no_media(eshot, modality)
    paths = eshot.paths(modality)
    wanted = [paths[row] for row in rows]
    found = encode_files(encoder, modality, wanted, workers=workers, progress=progress)
    if not len(found.rows):
        first = f"the first: {found.missing[0].file}: {found.missing[0].reason}"
        raise InputError(f"none of the {len(rows)} {NOUNS[modality]} can be embedded; {first}")
    refused = [Missing(int(rows[each.row]), each.file, each.reason) for each in found.missing]
    missing = sorted([*refused, *_absent(eshot, modality)], key=lambda each: each.row)
    return Vectors(rows[found.rows], found.vectors, tuple(missing))


def _from_function(eshot: EShot, modality: str, function: PathFunction) -> Vectors:
    rows = np.flatnonzero(eshot.present(modality))
    missing = tuple(_absent(eshot, modality))
    if not len(rows):
        rows, missing = np.arange(eshot.table(modality).height), ()
        _log.warning(
            "none of the %d %s is below %s; the function gets all their paths",
            len(rows), NOUNS[modality], eshot.media_root,
        )  # fmt: skip
    paths = eshot.paths(modality)
    found = call_function(function, [paths[row] for row in rows], modality)
    return Vectors(rows, as_matrix(found, len(rows), modality), missing)


def _check_rows(eshot: EShot, modality: str, found: Vectors) -> None:
    unusable = first_unusable(found.vectors)
    if unusable is None:
        return
    row = int(found.rows[unusable[0]])
    name = eshot.table(modality)["file_name"][row]
    raise InputError(
        f"the {modality} embedding of row {row} (counted from 0), {name}, {unusable[1]}"
    )


def _absent(eshot: EShot, modality: str) -> list[Missing]:
    names = eshot.table(modality)["file_name"]
    rows = eshot.missing(modality).tolist()
    return [
        Missing(row, names[row], f"{Reason.MISSING_FILE.value}: not there", True) for row in rows
    ]


def _no_media(eshot: EShot, modality: str) -> InputError:
    first = eshot.paths(modality)[0]
    return InputError(
        f"none of the {len(eshot.present(modality))} {NOUNS[modality]} of EShot is there; "
        "download the media, or name their root (media_root)",
        expected=f"such as {first}",
    )
