from __future__ import annotations

from pathlib import Path

import pytest

from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import Tree, make_emm1


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Both splits with media, every fifth file absent; read only."""
    return make_emm1(tmp_path_factory.mktemp("tree"), captions=40, items=10, media=True)


@pytest.fixture
def ds(tree: Tree) -> Emm1:
    return open_emm1(tree.root, media_root=tree.root)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
