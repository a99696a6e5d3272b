"""Two processes on one workspace: the second writer is refused, readers are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pentad.core.errors import StoreError
from pentad.pipeline.add import add_source
from pentad.pipeline.build import build
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.search import search_workspace
from pentad.pipeline.verbs import embed_step, group_step, neighbors_step, train_step
from tests.pipeline.shared import K, content, differing

HOLD = """
import sys, time
from pathlib import Path
from pentad.store.lock import writer_lock
with writer_lock(Path(sys.argv[1]) / ".lock"):
    print("held", flush=True)
    time.sleep(600)
"""
WRITERS = {
    "build": lambda ws: build(ws.parent / "world", ws, k=K),
    "add": lambda ws: add_source(ws, ws.parent / "world"),
    "embed": embed_step,
    "neighbors": lambda ws: neighbors_step(ws, options=NeighborOptions(k=K)),
    "group": group_step,
    "train": train_step,
}


@pytest.fixture
def held(pair):
    command = [sys.executable, "-c", HOLD, str(pair)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()


def test_every_writing_verb_is_refused_in_one_line_that_names_the_writer(pair, held):
    before = content(pair)
    for name, verb in WRITERS.items():
        with pytest.raises(StoreError) as caught:
            verb(pair)
        assert f"another process (pid {held}) is writing" in str(caught.value), name
        assert "\n" not in str(caught.value)
    assert differing(before, content(pair)) == []


def test_reading_goes_on_beside_a_writer(pair, held):
    assert search_workspace(pair, "a bell", modality="image", k=1)


@pytest.mark.usefixtures("short")
def test_a_killed_writer_leaves_no_lock(pair):
    command = [sys.executable, "-c", HOLD, str(pair)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        process.kill()
    assert build(pair.parent / "world", pair, k=K).models[-1] == "unified"
