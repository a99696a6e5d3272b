"""Embedding killed, starved or damaged at any moment goes on; no finished shard is made twice."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pentad.core.failpoints import FAILPOINTS, VARIABLE
from pentad.embeddings.shards import ShardFolder
from pentad.store.records import recover
from pentad.store.verify import verify
from pentad.store.workspace import Workspace
from tests.embeddings import killed_embed
from tests.embeddings.toy import paint, painted, refresh
from tests.store.killing import content

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PICTURES = 26
MOMENTS = 50
# Points that embedding passes once a shard or more; the others lie on no way of this run.
ON_THE_WAY = tuple(name for name in FAILPOINTS if name != "embed.removed")
AT_THE_COMMIT = tuple(name for name in FAILPOINTS if name.startswith("commit."))


@dataclass(frozen=True)
class Whole:
    """A run that nothing happened to."""

    content: dict[str, bytes]
    log: list[str]
    seconds: float


def program(folder: Path, *words: str, fail: str = "") -> subprocess.Popen[str]:
    """Start embedding in a process of its own, and wait until it is about to begin."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), VARIABLE: fail}
    process = subprocess.Popen(
        [sys.executable, killed_embed.__file__, str(folder / "ws"), str(folder / "log"), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def run(folder: Path, *words: str, fail: str = "") -> tuple[int, str]:
    """Embed; return the exit code and what was said."""
    process = program(folder, *words, fail=fail)
    _, said = process.communicate()
    return process.returncode, said


def complete(folder: Path) -> None:
    code, said = run(folder)
    assert code == 0, said


def log(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().split() if path.exists() else []


def embeddings(folder: Path) -> dict[str, bytes]:
    return content(folder / "ws/embeddings")


def acknowledged(folder: Path) -> set[str]:
    """Return the colours of all shards that count, those whose files are yet to be renamed too."""
    recover(folder / "ws")
    items = Workspace.open(folder / "ws").catalog().items("image")
    names = dict(zip(items.ids.tolist(), items.frame["file"], strict=True))
    found: set[str] = set()
    for place in (folder / "ws/embeddings").glob("*/image"):
        for shard in ShardFolder(place).shards():
            found |= {names[i].removesuffix(".png") for i in shard.ids.tolist()}
    return found


def start(folder: Path) -> Path:
    """Make a workspace of pictures, named after their colours."""
    colours = [(10 * n % 256, 7 * n % 256, 200 - 5 * n) for n in range(PICTURES)]
    names = ["-".join(map(str, colour)) for colour in colours]
    workspace = painted(folder)
    for name, colour in zip(names, colours, strict=True):
        paint(folder / "data" / f"{name}.png", colour)
    refresh(workspace, folder, *names)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = start(tmp_path_factory.mktemp("whole"))
    process = program(folder)
    begun = time.monotonic()
    _, said = process.communicate()
    assert process.returncode == 0, said
    return Whole(embeddings(folder), log(folder), time.monotonic() - begun)


@pytest.fixture(scope="module")
def unmade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return start(tmp_path_factory.mktemp("unmade"))


def check_goes_on(folder: Path, whole: Whole) -> None:
    """Go on to the end, and compare with the run that nothing happened to."""
    finished, before = acknowledged(folder), Counter(log(folder))
    complete(folder)
    again = Counter(log(folder)) - before
    assert not finished & set(again), "a finished shard was encoded again"
    assert set(again) | finished == set(whole.log)
    assert max(again.values(), default=1) == 1
    assert embeddings(folder) == whole.content
    assert verify(Workspace.open(folder / "ws")) == []
    assert not [p for p in (folder / "ws").rglob("*") if p.name.endswith(".next")]


def test_every_named_moment_is_in_the_sources_and_none_is_unnamed():
    used = set()
    for path in (ROOT / "src/pentad").rglob("*.py"):
        used |= set(re.findall(r"failpoint\(\"([\w.]+)\"\)", path.read_text(encoding="utf-8")))
    assert used == set(FAILPOINTS)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("name", ON_THE_WAY)
def test_killed_at_a_named_moment(whole, unmade, tmp_path, name, number):
    folder = Path(shutil.copytree(unmade, tmp_path / "it"))
    code, said = run(folder, fail=f"{name}=kill@{number}")
    assert code == -signal.SIGKILL, said
    check_goes_on(folder, whole)


def test_killed_while_shards_are_removed(unmade, tmp_path):
    folder = Path(shutil.copytree(unmade, tmp_path / "it"))
    complete(folder)
    names = sorted(p.stem for p in (folder / "data").iterdir())
    workspace = Workspace.open(folder / "ws")
    refresh(workspace, folder, *names[-3:])
    assert run(folder, fail="embed.removed=kill@1")[0] == -signal.SIGKILL
    complete(folder)
    left = Path(shutil.copytree(unmade, tmp_path / "fresh"))
    refresh(Workspace.open(left / "ws"), left, *names[-3:])
    complete(left)
    assert embeddings(folder) == embeddings(left)


def test_killed_at_random_moments(whole, unmade, tmp_path):
    chance = random.Random(0)
    moments = [chance.uniform(0, whole.seconds) for _ in range(MOMENTS)]

    def killed(number: int) -> tuple[Path, int]:
        folder = Path(shutil.copytree(unmade, tmp_path / str(number)))
        process = program(folder)
        time.sleep(moments[number])
        process.kill()
        process.communicate()
        return folder, process.returncode

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(killed, range(MOMENTS)))
        assert sum(code == -signal.SIGKILL for _, code in found) > MOMENTS // 2
        list(pool.map(lambda each: check_goes_on(each[0], whole), found))


@pytest.mark.parametrize("error", ["enospc", "eio"])
@pytest.mark.parametrize("name", AT_THE_COMMIT)
def test_a_full_disk_or_a_failing_one_is_told_in_a_line(whole, unmade, tmp_path, name, error):
    folder = Path(shutil.copytree(unmade, tmp_path / "it"))
    code, said = run(folder, fail=f"{name}={error}@2")
    assert code == 1
    text = {"enospc": "No space left on device", "eio": "Input/output error"}[error]
    assert text in said
    assert len(said.splitlines()) == 1
    check_goes_on(folder, whole)


def test_a_flipped_byte_is_found_and_its_shard_alone_is_made_again(whole, unmade, tmp_path):
    folder = Path(shutil.copytree(unmade, tmp_path / "it"))
    complete(folder)
    (victim,) = (folder / "ws/embeddings").glob("*/image/00002.npy")
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    (damage,) = verify(Workspace.open(folder / "ws"))
    assert damage.path.name == "00002.npy"
    (folder / "log").unlink()
    complete(folder)
    assert len(log(folder)) == killed_embed.SHARD_ROWS
    assert embeddings(folder) == whole.content


def test_a_second_writer_is_refused_and_the_first_goes_on(whole, unmade, tmp_path):
    folder = Path(shutil.copytree(unmade, tmp_path / "it"))
    first = program(folder)
    while not log(folder):
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        code, said = run(folder)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert code == 1
    assert "another process" in said
    first.communicate()
    assert first.returncode == 0
    assert embeddings(folder) == whole.content
    assert Counter(log(folder)) == Counter(whole.log)


def test_only_what_was_refused_is_tried_again(whole, unmade, tmp_path):
    folder = Path(shutil.copytree(unmade, tmp_path / "it"))
    hidden = sorted((folder / "data").iterdir())[5]
    hidden.rename(tmp_path / hidden.name)
    complete(folder)
    assert len(log(folder)) == PICTURES - 1
    (tmp_path / hidden.name).rename(hidden)
    complete(folder)
    assert len(log(folder)) == PICTURES - 1
    code, said = run(folder, "retry")
    assert code == 0, said
    assert log(folder)[PICTURES - 1 :] == [hidden.stem]
    assert embeddings(folder) == whole.content
