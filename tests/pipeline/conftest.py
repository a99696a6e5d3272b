from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.pipeline.shared import (
    MEDIA,
    PAIR,
    make_built,
    make_other_world,
    make_world,
    once,
    train_little,
)


@pytest.fixture(scope="session")
def little_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 files of each modality; read only."""
    return once(tmp_path_factory, "little-world", make_world) / "world"


@pytest.fixture(scope="session")
def other_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 files of each modality that nothing has been learned from; read only."""
    return once(tmp_path_factory, "other-world", make_other_world) / "other"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, little_world: Path) -> Path:
    """The workspace built from the little world; read only. The world lies beside it."""
    return once(tmp_path_factory, "built", partial(make_built, little_world, MEDIA)) / "ws"


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    """A copy of the built workspace, its world beside it, for tests that change them."""
    shutil.copytree(built.parent, tmp_path / "copied")
    return tmp_path / "copied" / "ws"


@pytest.fixture(scope="session")
def pair_built(tmp_path_factory: pytest.TempPathFactory, little_world: Path) -> Path:
    """The same for images and sounds alone, which is quicker to build again; read only."""
    return once(tmp_path_factory, "pair", partial(make_built, little_world, PAIR)) / "ws"


@pytest.fixture
def pair(pair_built: Path, tmp_path: Path) -> Path:
    """A copy of the workspace of images and sounds, its world beside it."""
    shutil.copytree(pair_built.parent, tmp_path / "pair")
    return tmp_path / "pair" / "ws"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short training, for tests that build."""
    train_little(monkeypatch)
