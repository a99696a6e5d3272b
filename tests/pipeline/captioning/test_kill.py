"""A run killed at any moment goes on, captions nothing of what is kept again, and ends alike."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pentad.pipeline.captioning.run import GROUP
from pentad.pipeline.captioning.step import caption_step
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.pipeline.captioning.fakes import Painter, gallery
from tests.pipeline.shared import content, differing

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
COUNT, KILLS = 5 * GROUP - 3, 24
DRIVER = """
import json, os, signal, sys
from pentad.pipeline.captioning.step import caption_step
from tests.pipeline.captioning.fakes import Painter
workspace, last = sys.argv[1], int(sys.argv[2])
calls, replace, fsync = 0, os.replace, os.fsync

def counted(call):
    def around(*args, **options):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return around

os.replace, os.fsync = counted(replace), counted(fsync)
painter = Painter()
caption_step(workspace, modality="image", model=painter, workers=1)
print(json.dumps({"calls": calls, "asked": sum(painter.calls)}))
"""


@dataclass(frozen=True)
class Whole:
    """A run that was not killed."""

    root: Path
    fresh: Path
    calls: int


def start(workspace: Path, last: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", DRIVER, str(workspace), str(last)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


def state(workspace: Path) -> dict[str, bytes]:
    return content(workspace, "items", "captions", "pentad.toml")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    gallery(folder, COUNT)
    fresh = folder.with_name("fresh")
    shutil.copytree(folder, fresh)
    done = start(folder / "ws")
    assert done.returncode == 0
    counts = json.loads(done.stdout)
    assert counts["asked"] == COUNT
    return Whole(folder, fresh, counts["calls"])


def kept(workspace: Path) -> int:
    """Return how many captions the finished records speak of."""
    records = (workspace / "captions").glob("*/[0-9]*.json")
    return sum(json.loads(path.read_text())["rows"] for path in records)


def test_a_run_killed_at_any_of_its_writes_goes_on(whole: Whole, tmp_path: Path) -> None:
    moments = np.unique(np.linspace(1, whole.calls, KILLS).astype(int)).tolist()
    assert len(moments) == KILLS
    for moment in moments:
        workspace = tmp_path / str(moment) / "ws"
        shutil.copytree(whole.fresh, workspace.parent)
        assert start(workspace, moment).returncode == -signal.SIGKILL
        before = kept(workspace)
        painter = Painter()
        caption_step(workspace, modality="image", model=painter, workers=1)
        assert sum(painter.calls) == COUNT - before
        assert differing(state(whole.root / "ws"), state(workspace)) == []
        assert verify(Workspace.open(workspace)) == []
        assert [p for p in workspace.rglob("*") if p.name.endswith(".next")] == []


def test_a_run_killed_again_and_again_gets_there(whole: Whole, tmp_path: Path) -> None:
    workspace = tmp_path / "again" / "ws"
    shutil.copytree(whole.fresh, workspace.parent)
    seen = []
    for _ in range(40):
        done = start(workspace, 18)
        seen.append(kept(workspace))
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert differing(state(whole.root / "ws"), state(workspace)) == []
