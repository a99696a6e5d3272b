"""Which devices there are, what they compute, how large blocks are, how they get there."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pentad.core.errors import InputError
from pentad.neighbors.device.feed import feed
from pentad.neighbors.device.place import (
    find_device,
    free_memory,
    full_precision,
    multiplies_bytes,
)
from pentad.neighbors.device.sizes import GROUP, ROWS, Sizes

CPU = torch.device("cpu")


def two_accelerators(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:9", "mps", "", "meta"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(InputError, match="expected cpu") as caught:
        find_device(name)
    assert "\n" not in str(caught.value)


def test_devices_are_found_by_name(monkeypatch):
    assert find_device("cpu") == CPU
    two_accelerators(monkeypatch)
    assert find_device("cuda") == find_device("cuda:1") == torch.device("cuda", 1)
    assert find_device("cuda:0") == torch.device("cuda", 0)
    with pytest.raises(InputError, match="cpu or cuda:0 or cuda:1"):
        find_device("cuda:2")


def test_a_build_without_cuda_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None, raising=False)
    with pytest.raises(InputError, match="built without CUDA"):
        find_device("cuda")


def test_memory_is_what_is_free_and_what_was_taken_and_is_not_used(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (600, 2000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 500)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 100)
    assert free_memory(torch.device("cuda", 0)) == 800
    assert free_memory(CPU) == 1 << 29


@pytest.mark.parametrize("width", [16, 1024, 8192])
def test_a_wrong_product_of_bytes_is_seen(width, monkeypatch):
    right = torch._int_mm
    assert multiplies_bytes(CPU, width) in (True, False)
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: a.int() @ b.int())
    assert multiplies_bytes(CPU, width)
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: right(a, b).clamp(max=127 * 127 * 15))
    assert not multiplies_bytes(CPU, width)

    def missing(*_):
        raise NotImplementedError("no such kernel")

    monkeypatch.setattr(torch, "_int_mm", missing)
    assert not multiplies_bytes(CPU, width)


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_precision_is_full_within_and_as_it_was_afterwards(precision):
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        with full_precision():
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == precision
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("memory", [0, 1 << 20, 1 << 29, 3 << 30, 62 << 30])
@pytest.mark.parametrize("width", [1, 512, 8193])
@pytest.mark.parametrize("listed", [9, 4104])
def test_sizes_fit_the_memory_and_the_device(memory, width, listed):
    sizes = Sizes.of(memory, width, listed)
    assert sizes.items % GROUP == sizes.tile % ROWS == sizes.queries % sizes.tile == 0
    assert min(sizes.items, sizes.tile, sizes.queries, sizes.pairs) > 0
    assert sizes.tile * sizes.items < 1 << 31
    if memory >= 1 << 29:
        taken = 4 * sizes.tile * sizes.items + 16 * width * sizes.items
        taken += sizes.queries * (8 * width + 24 * listed) + 12 * width * sizes.pairs
        assert taken <= memory


def test_a_large_device_gets_large_tiles():
    sizes = Sizes.of(62 << 30, 1024, 24)
    assert (sizes.tile, sizes.items) == (16384, 65536)
    assert sizes.queries > 500_000


def test_sizes_are_halved_until_nothing_is_left():
    sizes = Sizes.of(1 << 26, 64, 24)
    for _ in range(2):
        smaller = sizes.halved(64, 24)
        assert smaller.memory * 2 == sizes.memory
        assert smaller.tile * smaller.items <= sizes.tile * sizes.items
        sizes = smaller
    with pytest.raises(InputError, match="use the device cpu"):
        sizes.halved(64, 24)


@pytest.mark.parametrize("step", [1, 7, 64, 1000])
def test_blocks_come_in_order_and_whole(step):
    vectors = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float16)
    vectors.flags.writeable = False
    starts, blocks = zip(*feed(vectors, step, CPU), strict=True)
    assert list(starts) == list(range(0, 100, step))
    assert np.concatenate([b.numpy() for b in blocks]).tobytes() == vectors.tobytes()


def test_what_fails_while_reading_is_raised_where_blocks_are_used():
    class Broken:
        shape, dtype, ndim = (9, 2), np.dtype(np.float32), 2

        def __len__(self):
            return 9

        def __getitem__(self, rows):
            if rows.start >= 4:
                raise OSError("torn")
            return np.ones((4, 2), np.float32)

    blocks = feed(Broken(), 4, CPU)
    next(blocks)
    with pytest.raises(OSError, match="torn"):
        next(blocks)


class Recorder:
    """Stands for events and streams of an accelerator, and writes down what is asked of them."""

    log: list[tuple[str, int]] = []  # noqa: RUF012

    def __init__(self, *_):
        self.number = id(self)

    def record(self, stream):
        self.log.append(("record", self.number))

    def synchronize(self):
        self.log.append(("synchronize", self.number))

    def wait_event(self, event):
        self.log.append(("wait", event.number))


def test_blocks_for_an_accelerator_take_turns_in_two_buffers(monkeypatch):
    """Every line of that way but the copy itself, which here is none."""
    Recorder.log.clear()
    empty = torch.empty
    monkeypatch.setattr(
        torch, "empty", lambda shape, dtype, device, pin_memory: empty(shape, dtype=dtype)
    )
    monkeypatch.setattr(torch.cuda, "Event", Recorder)
    monkeypatch.setattr(torch.cuda, "Stream", Recorder)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Recorder())
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda self, stream: None)
    to = torch.Tensor.to
    monkeypatch.setattr(
        torch.Tensor,
        "to",
        lambda self, *a, **o: self.clone() if "non_blocking" in o else to(self, *a),
    )
    vectors = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float16)
    device = SimpleNamespace(type="cuda")
    found = [block.numpy() for _, block in feed(vectors, 8, device)]
    assert np.concatenate(found).tobytes() == vectors.tobytes()
    events = {number for _, number in Recorder.log}
    assert len(events) == 2
    for event in events:
        kinds = [kind for kind, number in Recorder.log if number == event]
        turns = ["synchronize", "record", "wait"] * 4
        assert kinds == turns[: len(kinds)]
