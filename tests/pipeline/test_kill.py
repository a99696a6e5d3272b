"""A build killed at any moment can be run again, and ends in the bytes of one that was not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pentad.pipeline.build import build
from pentad.pipeline.info import describe
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.shared import content, differing, part_of_world, train_little

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# One thread, so that the same sums are done here and there.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
POINTS, MOMENTS = 20, 12
DRIVER = """
import json, os, signal, sys, time
import pytest
from pentad.pipeline.build import build
from tests.pipeline.shared import train_little
folder, last = sys.argv[1], int(sys.argv[2])
calls = 0
replace = os.replace

def counted(*args, **options):
    global calls
    calls += 1
    if calls == last and calls % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*args, **options)
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = counted
with pytest.MonkeyPatch.context() as patch:
    train_little(patch)
    import pentad.pipeline.chain, pentad.training.train
    print("started", flush=True)
    start = time.monotonic()
    build(folder + "/world", folder + "/ws", k=2, workers=2)
print(json.dumps({"calls": calls, "seconds": time.monotonic() - start}), flush=True)
"""


@dataclass(frozen=True)
class Whole:
    """A build that was not killed."""

    root: Path
    calls: int
    seconds: float


def start(folder: Path, last: int = 0) -> subprocess.Popen[str]:
    """Start a build in a process of its own and wait until it is about to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), str(last)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def decoders_of(parent: int) -> list[int]:
    """Return the decoder processes, of any state but dead, that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if b"pentad.media._worker_main" in words and str(parent).encode() in words:
            found += [int(entry.name)] * (state != "Z")
    return found


def outlived_by(parent: int, seconds: float = 20.0) -> list[int]:
    """Return the decoders that are still there after a while."""
    end = time.monotonic() + seconds
    while (left := decoders_of(parent)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def state(folder: Path) -> dict[str, bytes]:
    """Return all that must be the same: everything but the cache and the list of refusals."""
    found = content(folder / "ws")
    return {n: b for n, b in found.items() if not n.startswith(("cache/", "logs/"))}


def complete(folder: Path) -> None:
    """Build to the end, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        train_little(patch)
        build(folder / "world", folder / "ws", k=2, workers=2)


def check(folder: Path, whole: Whole) -> None:
    """Build to the end and compare with the build that was not killed."""
    complete(folder)
    assert differing(state(folder), state(whole.root)) == []
    assert [p for p in folder.rglob("*") if p.name.endswith(".next")] == []
    assert verify(Workspace.open(folder / "ws")) == []


@pytest.fixture(scope="module")
def whole(little_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    root = tmp_path_factory.mktemp("whole")
    part_of_world(little_world, root / "world", ["image", "audio", "points"], items=6)
    process = start(root)
    out, _ = process.communicate()
    assert process.returncode == 0
    return Whole(root, **json.loads(out))


def fresh(whole: Whole, folder: Path) -> Path:
    """Return a folder with the same files and no workspace."""
    shutil.copytree(whole.root / "world", folder / "world")
    return folder


def test_a_build_in_this_process_has_the_bytes_of_one_in_another(whole, tmp_path):
    check(fresh(whole, tmp_path / "here"), whole)


def test_a_build_killed_at_the_renaming_of_a_file_goes_on(whole, tmp_path):
    numbers = np.unique(np.linspace(1, whole.calls, POINTS).astype(int)).tolist()
    assert len(numbers) == POINTS

    def kill_at(number: int) -> tuple[Path, int, int]:
        folder = fresh(whole, tmp_path / str(number))
        process = start(folder, number)
        process.communicate()
        return folder, process.returncode, process.pid

    with ThreadPoolExecutor(2) as pool:
        killed = list(pool.map(kill_at, numbers))
    for folder, code, pid in killed:
        assert code == -signal.SIGKILL
        assert outlived_by(pid) == []
        check(folder, whole)


def wait_for_decoders(process: subprocess.Popen[str]) -> bool:
    """Return as soon as the build decodes, or when it has ended without having been seen to."""
    while process.poll() is None:
        if decoders_of(process.pid):
            return True
        time.sleep(0.005)
    return False


def test_a_build_killed_while_it_decodes_goes_on_and_leaves_no_decoders(whole, tmp_path):
    folder = fresh(whole, tmp_path / "decoding")
    process = start(folder)
    assert wait_for_decoders(process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert outlived_by(process.pid) == []
    check(folder, whole)


def test_a_build_killed_at_random_moments_goes_on_each_time(whole, tmp_path):
    rng = np.random.default_rng(0)
    for workspace in range(3):
        folder = fresh(whole, tmp_path / str(workspace))
        deaths = 0
        # The first one dies at once; how far the others come depends on the machine.
        for share in [0.0, *rng.permutation(np.linspace(0.05, 0.9, MOMENTS // 3))]:
            process = start(folder)
            time.sleep(float(share) * whole.seconds)
            process.kill()
            process.communicate()
            deaths += process.returncode == -signal.SIGKILL
            assert outlived_by(process.pid) == []
        assert deaths > 0
        check(folder, whole)


def test_what_a_killed_build_leaves_can_be_described(whole, tmp_path):
    folder = fresh(whole, tmp_path / "killed")
    process = start(folder, whole.calls // 2)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert describe(folder / "ws")["items"] == describe(whole.root / "ws")["items"]
