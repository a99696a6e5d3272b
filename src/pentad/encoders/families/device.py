"""Where a network runs and with which numbers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pentad.core.errors import InputError

DTYPES = ("float32", "bfloat16", "float16")
_ALLOCATION = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Placement:
    """A device and the type of number that matrix products use there.

    Attributes:
        device: As torch spells it: ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        dtype: ``float32``, or ``bfloat16`` or ``float16`` for mixed precision: weights and what is
            delicate stay float32.
    """

    device: str = "cpu"
    dtype: str = "float32"

    @property
    def on_cpu(self) -> bool:
        """Whether it is the processor itself."""
        return self.device.partition(":")[0] == "cpu"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run what is inside without gradients, and in mixed precision if that is asked for."""
        import torch

        mixed = self.dtype != "float32"
        kind = self.device.partition(":")[0]
        number = getattr(torch, self.dtype)
        with torch.inference_mode(), torch.autocast(kind, number, enabled=mixed):
            yield


def placement(device: str | None, dtype: str | None, before: Placement) -> Placement:
    """Return what was asked for, and what was before where nothing was.

    Args:
        device: ``auto`` takes an accelerator if there is one.
        dtype: A name from `DTYPES`; the names of torch, such as ``torch.bfloat16``, will do too.
        before: Where the network is now.

    Raises:
        InputError: torch does not know the device, finds none, or the type is another.
    """
    number = before.dtype if dtype is None else str(dtype).removeprefix("torch.")
    if number not in DTYPES:
        raise InputError("wrong dtype", expected=", ".join(DTYPES), seen=repr(dtype))
    return Placement(before.device if device is None else _device(str(device)), number)


def _device(name: str) -> str:
    import torch

    if name == "auto":
        found = (
            torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        )
        return "cpu" if found is None else str(found)
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = next(iter(str(error).splitlines()), "").strip()[:120]
        raise InputError(
            f"device {name!r} cannot be used ({why})", expected="cpu, auto, or a device of torch"
        ) from None
    return name


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that a device, or the machine, has no memory left."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(t in str(error).lower() for t in _ALLOCATION)


def free_cached(device: str) -> None:
    """Give cached memory of a device back, so that a smaller run finds it."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()


class OneThreadEach:
    """While it is entered, every matrix product runs on the thread that asks for it.

    Runs then go side by side instead of each being split, which makes a row's bits the same in
    every place of a run. How many threads torch uses belongs to the whole
    process, so it is set by the first that enters, and put back by the last that leaves.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 1

    def __enter__(self) -> None:
        import torch

        with self._lock:
            if not self._inside:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        import torch

        with self._lock:
            self._inside -= 1
            if not self._inside:
                torch.set_num_threads(self._before)


ONE_THREAD_EACH = OneThreadEach()


def run_alone() -> None:
    """Make a new thread one whose products stay on it; torch keeps that for every thread."""
    import torch

    torch.set_num_threads(1)
