from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from pentad.pipeline.world.generate import generate_world
from tests.pipeline.shared import PAIR, make_built, make_other_world, make_world, once


def _make(root: Path) -> None:
    generate_world(root / "train", seed=1, items_per_modality=16)
    generate_world(root / "eval", seed=2, items_per_modality=12)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generated worlds that share no file, ``train`` and ``eval``; read only."""
    return once(tmp_path_factory, "leakage-worlds", _make)


@pytest.fixture(scope="session")
def other_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 files of each modality; read only."""
    return once(tmp_path_factory, "other-world", make_other_world) / "other"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace built from 16 images and 16 sounds; read only."""
    world = once(tmp_path_factory, "little-world", make_world) / "world"
    return once(tmp_path_factory, "pair", partial(make_built, world, PAIR)) / "ws"


@pytest.fixture(scope="session")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps the prints of files for the other tests of this process."""
    return tmp_path_factory.mktemp("prints")
