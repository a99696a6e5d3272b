"""Reads a faiss index; any but flat ones in a process of its own, limited in memory and time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from pentad.core.errors import InputError
from pentad.embeddings.exchange.faiss_flat import Read, read_flat
from pentad.embeddings.exchange.spool import Spool

_PROGRAM = "pentad.embeddings.exchange._faiss_main"
_SECONDS = 120.0
_BYTES_A_SECOND = 1 << 22


def read_index(path: Path, *, approximate: bool) -> Read:
    """Return the vectors of an index file that nobody vouches for.

    Raises:
        InputError: It is damaged, cannot give its vectors back, or does so only approximately.
    """
    try:
        size = path.stat().st_size
        flat = read_flat(path)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path) from None
    return flat or _read_with_faiss(path, size, approximate)


def _read_with_faiss(path: Path, size: int, approximate: bool) -> Read:
    with Spool() as spool, tempfile.TemporaryFile() as ids, tempfile.TemporaryFile() as result:
        seconds = _SECONDS + size / _BYTES_A_SECOND
        code = _run(path, (spool.fileno(), ids.fileno(), result.fileno()), approximate, seconds)
        answer = _answer(path, result, code)
        rows, dim = int(answer["rows"]), int(answer["dim"])
        spool.values = rows * dim
        if os.fstat(spool.fileno()).st_size != 4 * spool.values:
            raise InputError("no usable faiss index (reading it was cut short)", file=path)
        ids.seek(0)
        own = np.frombuffer(ids.read(), np.int64) if answer["has_ids"] else None
        vectors = spool.matrix(dim)
    return Read(vectors, own, str(answer["kind"]), bool(answer["exact"]))


def _run(path: Path, files: tuple[int, int, int], approximate: bool, seconds: float) -> str:
    """Return how the process ended: nothing if well."""
    command = [sys.executable, "-P", "-m", _PROGRAM, str(path)]
    command += [str(n) for n in (*files, os.getpid(), int(approximate))]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        pass_fds=files,
    )
    try:
        code = child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"reading it took more than {seconds:.0f} s"
    finally:
        child.kill()
        child.wait()
    return "" if code == 0 else f"reading it ended with {_ending(code)}"


def _answer(path: Path, result: IO[bytes], ended: str) -> dict[str, Any]:
    result.seek(0)
    try:
        answer = json.loads(result.read())
    except ValueError:
        answer = {}
    if ended or not answer:
        raise InputError(f"no usable faiss index ({ended or 'no answer'})", file=path)
    if "error" in answer:
        raise InputError(answer["error"], file=path)
    return dict(answer)


def _ending(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"
