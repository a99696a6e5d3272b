"""Decoders for the tests of the pool; each does what the file's name says."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from pathlib import Path

import numpy as np

from pentad.core.errors import DecodeError, Reason
from pentad.media.types import Audio, DecodeOptions, Image

_decoded = 0


def decode(path: str, modality: str, options: DecodeOptions, *, seed: int = 0) -> Image | Audio:
    global _decoded
    _decoded += 1
    name = Path(path).name
    match name.split("-")[0]:
        case "hang":
            time.sleep(3600)
        case "stuck":  # deaf to everything but SIGKILL
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            threading.Event().wait()
        case "hog":
            hoard = [np.ones(1 << 24, np.uint8) for _ in range(10_000)]
            return Image(hoard[0])
        case "exit":
            os._exit(3)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "error":
            raise RuntimeError("not a DecodeError")
        case "refuse":
            raise DecodeError(Reason.CORRUPT, name)
        case "second":  # harmless, except in a process that has decoded before
            if _decoded > 1:
                os._exit(4)
        case "warn":
            warnings.warn("loud", stacklevel=1)
            print("louder", flush=True)
        case "big":
            return Image(np.full((3000, 2000, 3), seed, np.uint8))
        case "pid":
            return Image(np.array([os.getpid()], np.int32).view(np.uint8))
        case "empty":
            return Audio(np.empty(0, np.float32), 8000)
    return Image(np.full((2, 2, 3), seed % 256, np.uint8))


def broken(path: str, modality: str, options: DecodeOptions, *, seed: int = 0) -> Image:
    raise NotImplementedError
