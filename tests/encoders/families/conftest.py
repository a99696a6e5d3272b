from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.registry import get_encoder
from tests.encoders.families.tiny_families import TINY


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a tiny model; nobody may change what is in it."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("tiny") / name.replace(" ", "-")
            made[name].mkdir()
            TINY[name](made[name])
        return made[name]

    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tiny_folder: Callable[[str], Path]) -> Callable[[str], TorchEncoder]:
    """Return the encoder of a tiny model, loaded once."""
    loaded: dict[str, TorchEncoder] = {}

    def encoder(name: str) -> TorchEncoder:
        if name not in loaded:
            found = get_encoder(str(tiny_folder(name)))
            if not isinstance(found, TorchEncoder):
                raise TypeError(name)
            loaded[name] = found
        return loaded[name]

    return encoder
