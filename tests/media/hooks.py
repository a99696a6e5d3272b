"""Decoders for the tests of the pool; each does what the file's name says."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import DecodeError, PentadError, Reason
from pentad.media.decode import decode as decode_in_earnest
from pentad.media.source import name_of
from pentad.media.types import Audio, Decoded, DecodeOptions, Image
from pentad.store.places import Place

_decoded: list[str] = []


def decode(
    path: str | Place,
    modality: str,
    options: DecodeOptions,
    *,
    seed: int = 0,
    start: float | None = None,
    end: float | None = None,
) -> Image | Audio:
    name = name_of(path)
    _decoded.append(name)
    action = _ACTIONS.get(name.split("-")[0])
    result = None if action is None else action(seed)
    return result or Image(np.full((2, 2, 3), seed % 256, np.uint8))


def measured(place: str | Place, modality: str, options: DecodeOptions, **how: Any) -> Decoded:
    """Decode in earnest, and note by how many KiB that made this process grow at most."""
    forget_peak()
    before = memory("VmRSS")
    try:
        return decode_in_earnest(place, modality, options, **how)
    finally:
        with Path(os.environ["PENTAD_TEST_MARK"]).open("a") as log:
            log.write(f"{memory('VmHWM') - before}\n")


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def memory(what: str) -> int:
    """Return a line of this process's memory, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def _stuck(seed: int) -> None:
    """Wait, deaf to everything but SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Event().wait()


def _hog(seed: int) -> Image:
    hoard = [np.ones(1 << 24, np.uint8) for _ in range(10_000)]
    return Image(np.concatenate(hoard))


def _second(seed: int) -> None:
    """Do no harm, except in a process that has decoded before."""
    if len(_decoded) > 1:
        os._exit(4)


def _once(seed: int) -> None:
    """Do harm the first time that anybody asks, in whatever process."""
    mark = Path(os.environ["PENTAD_TEST_MARK"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSEGV)


def _error(seed: int) -> None:
    raise RuntimeError("not a DecodeError")


def _broken(seed: int) -> None:
    raise PentadError("soundfile cannot be imported")


def _refuse(seed: int) -> None:
    raise DecodeError(Reason.CORRUPT, "refused")


def _warn(seed: int) -> None:
    warnings.warn("loud", stacklevel=1)
    print("louder", flush=True)


_ACTIONS: dict[str, Callable[[int], Image | Audio | None]] = {
    "hang": lambda seed: time.sleep(3600),
    "stuck": _stuck,
    "hog": _hog,
    "exit": lambda seed: os._exit(3),
    "crash": lambda seed: os.kill(os.getpid(), signal.SIGSEGV),
    "abort": lambda seed: os.abort(),
    "second": _second,
    "once": _once,
    "error": _error,
    "broken": _broken,
    "refuse": _refuse,
    "warn": _warn,
    "big": lambda seed: Image(np.full((3000, 2000, 3), seed, np.uint8)),
    "pid": lambda seed: Image(np.array([os.getpid()], np.int32).view(np.uint8)),
    "empty": lambda seed: Audio(np.empty(0, np.float32), 8000),
}
