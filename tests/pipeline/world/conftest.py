from __future__ import annotations

from pathlib import Path

import pytest

from pentad.pipeline.world.generate import WorldSummary, generate_world

PER_MODALITY = 48


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> WorldSummary:
    root: Path = tmp_path_factory.mktemp("generated") / "world"
    return generate_world(root, seed=0, items_per_modality=PER_MODALITY)
