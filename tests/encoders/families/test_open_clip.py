from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.core.modality import Modality
from pentad.encoders.families.load import load_folder
from pentad.encoders.families.open_clip import hub_name_of
from pentad.encoders.families.optional import BrokenExtra, imported
from pentad.encoders.registry import get_encoder
from pentad.encoders.samples import sample_input
from tests.encoders.families import standins

CAPTIONS = ["a red ball", "the dog runs", "rain"]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(sys.modules, "open_clip", standins.open_clip())
    return standins.open_clip_folder(tmp_path / "tiny-pe")


def broken(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str) -> None:
    """Put a package on the path that fails when it is imported."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(line + "\n")
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(folder))


def test_all_modalities_share_a_space(model: Path) -> None:
    encoder = load_folder(model)
    assert encoder.modalities == ("text", "image", "video", "points")
    assert (encoder.name, encoder.dim) == ("tiny-pe", 10)
    rows = encoder.encode(CAPTIONS, modality="text")
    assert rows.shape == (3, 10)
    for modality in encoder.modalities[1:]:
        options = encoder.decode_options(modality)
        inputs = [sample_input(Modality(modality), number, options) for number in range(3)]
        rows = encoder.encode(inputs, modality=modality)
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
        back = encoder.encode(inputs[::-1], modality=modality, batch_size=2)
        assert np.allclose(back[::-1], rows, atol=1e-5)
    assert encoder.decode_options("points").view_size == standins.SIDE


def test_the_transform_decides_the_fingerprint_and_where_it_lies_in_memory_does_not(
    model: Path,
) -> None:
    first = load_folder(model)
    assert load_folder(model).fingerprint == first.fingerprint
    config = json.loads((model / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["mean"] = [0.4] * 3
    (model / "open_clip_config.json").write_text(json.dumps(config))
    assert load_folder(model).fingerprint != first.fingerprint


def test_the_registry_knows_such_folders(model: Path) -> None:
    assert get_encoder(str(model)).dim == 10


def test_pretrained_tags_are_found_on_the_hub(model: Path) -> None:
    assert hub_name_of("PE-Core-L-14-336", "meta") == "timm/PE-Core-L-14-336"
    with pytest.raises(InputError, match="no pretrained tag 'openai' of 'PE-Core-L-14-336'"):
        hub_name_of("PE-Core-L-14-336", "openai")
    with pytest.raises(InputError, match="not on the hub by themselves"):
        hub_name_of("RN50", "yfcc15m")


def test_weights_must_be_safetensors(model: Path) -> None:
    (model / "open_clip_model.safetensors").rename(model / "open_clip_pytorch_model.bin")
    with pytest.raises(InputError, match="holds no weights to load; expected open_clip_model"):
        load_folder(model)


def test_what_the_package_raises_becomes_one_line(model: Path) -> None:
    (model / "open_clip_config.json").write_text("{}")
    with pytest.raises(InputError, match="the model cannot be loaded"):
        load_folder(model)


def test_without_the_package_the_extra_is_named(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[open-clip\]'"):
        load_folder(model)


@pytest.mark.parametrize(
    "line",
    [
        "raise RuntimeError('operator torchvision::nms does not exist')",
        "raise ImportError('cannot import name _C')",
        "raise AttributeError('torchvision has no attribute extension')",
        "import a_package_that_is_not_there",
    ],
)
def test_a_package_that_fails_when_imported_says_what_failed(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(tmp_path, monkeypatch, "breaks_when_imported", line)
    with pytest.raises(BrokenExtra) as caught:
        imported("breaks_when_imported", package="breaks", extra="open-clip")
    text = str(caught.value)
    assert text.startswith("breaks is installed and cannot be imported (")
    assert "pip install 'pentad[open-clip]'" in text
    assert "\n" not in text
    assert isinstance(caught.value, MissingExtra)
