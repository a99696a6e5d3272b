from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.encoders.families.load import is_model_folder, load_folder
from pentad.encoders.families.optional import BrokenExtra
from pentad.encoders.registry import get_encoder
from pentad.encoders.samples import sample_input
from tests.encoders.families import standins


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(sys.modules, "timm", standins.timm())
    return standins.timm_folder(tmp_path / "trunk")


def test_features_before_the_classifier(model: Path) -> None:
    encoder = load_folder(model)
    assert is_model_folder(model)
    assert encoder.modalities == ("image", "video", "points")
    assert encoder.dim == 7
    for modality in encoder.modalities:
        options = encoder.decode_options(modality)
        inputs = [sample_input(modality, number, options) for number in range(3)]
        rows = encoder.encode(inputs, modality=modality)
        assert rows.shape == (3, 7)
        back = encoder.encode(inputs[::-1], modality=modality, batch_size=2)
        assert np.allclose(back[::-1], rows, atol=1e-5)
    with pytest.raises(InputError, match="does not encode 'text'"):
        encoder.encode(["a"], modality="text")


def test_the_registry_knows_such_folders(model: Path) -> None:
    assert get_encoder(str(model)).fingerprint == load_folder(model).fingerprint


def test_weights_must_be_safetensors(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"holds no weights to load; expected model.safetensors"):
        load_folder(model)


def test_without_the_package_the_extra_is_named(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[timm\]'"):
        load_folder(model)


def test_a_torchvision_that_does_not_fit_is_named(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "timm").mkdir()
    line = "raise RuntimeError('operator torchvision::nms does not exist')\n"
    (tmp_path / "timm" / "__init__.py").write_text(line)
    monkeypatch.delitem(sys.modules, "timm")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BrokenExtra, match="operator torchvision::nms does not exist"):
        load_folder(model)
