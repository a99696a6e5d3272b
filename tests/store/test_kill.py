"""A process killed at any moment leaves the old state or the new one, and nothing beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.store.helpers import listing, small_workspace
from tests.store.killing import Content, content

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
ADD = """
import sys
from pathlib import Path
from pentad.store.workspace import Workspace
from tests.store.killing import Death
from tests.store.test_kill import changed
workspace, data, moment = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
death = Death(moment)
new = changed(data)
death.arm()
death.watch_parquet()
opened = Workspace.open(workspace)
with opened.writing():
    opened.add(new)
"""


def changed(data: Path):  # type: ignore[no-untyped-def]
    """The listing of `small_workspace` with one file less, one more, and another caption."""
    return listing(
        data,
        ("image", "b.png", "A good dog"),
        ("image", "c.png", "A fish"),
        ("audio", "a.wav", "A cat"),
        ("text", "", "A word"),
    )


def _check_commits(folder: Path, *options: str) -> dict[str, dict[str, int]]:
    program = [sys.executable, str(ROOT / "tests" / "store" / "killing.py"), str(folder)]
    done = subprocess.run(
        [*program, *options], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    counts: dict[str, dict[str, int]] = json.loads(done.stdout)
    return counts


def test_a_commit_killed_at_any_moment_is_old_or_new(tmp_path: Path) -> None:
    counts = _check_commits(tmp_path)
    assert counts["over"]["old"] > 20
    assert counts["over"]["new"] > 20


@pytest.mark.slow
def test_a_recovery_killed_at_any_moment_can_be_repeated(tmp_path: Path) -> None:
    counts = _check_commits(tmp_path, "recovery")
    assert counts["fresh"]["old"] > 20
    assert counts["fresh"]["new"] > 20
    assert counts["over"]["recoveries"] > 100


def _after(folder: Path, start: Path, moment: int) -> tuple[bool, Content, Content]:
    """Return whether adding was killed, and the items as recovered and after adding again."""
    workspace = folder / str(moment) / "ws"
    shutil.copytree(start, workspace)
    data = folder / str(moment) / "data"
    shutil.copytree(start.parent / "data", data)
    done = subprocess.run(
        [sys.executable, "-c", ADD, str(workspace), str(data), str(moment)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    killed = done.returncode == -signal.SIGKILL
    assert killed or done.returncode == 0, done.stderr
    opened = Workspace.open(workspace)
    with opened.writing():
        recovered = content(workspace / "items")
        assert not [name for name in content(workspace) if name.endswith(".next")]
    assert verify(opened) == []
    with opened.writing():
        opened.add(changed(data))
    again = {n: b for n, b in content(workspace).items() if not n.startswith("cache/")}
    return killed, recovered, again


@pytest.mark.slow
def test_adding_killed_at_any_moment_leaves_the_old_items_or_the_new(tmp_path: Path) -> None:
    start = small_workspace(tmp_path / "start").root
    old = content(start / "items")
    _, new, everything = _after(tmp_path, start, 100_000)
    seen = []
    moment = 0
    with ThreadPoolExecutor(2) as pool:
        while len(seen) == moment:
            moments = range(moment, moment + 16)
            for killed, recovered, again in pool.map(lambda m: _after(tmp_path, start, m), moments):
                assert recovered in (old, new)
                assert again == everything
                if killed:
                    seen.append(recovered == new)
            moment += 16
    assert seen == sorted(seen)
    assert seen.count(False) > 20
    assert seen.count(True) > 20
