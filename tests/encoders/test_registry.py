from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MODALITIES
from pentad.encoders import registry
from pentad.encoders.builtin import BUILTIN, HASHED_TEXT
from pentad.encoders.registry import (
    get_encoder,
    list_encoders,
    register_encoder,
    register_folder_loader,
)
from tests.encoders.tiny_onnx import text_folder


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    monkeypatch.setattr(registry, "_FOLDERS", dict(registry._FOLDERS))


def test_every_modality_has_a_built_in_encoder() -> None:
    assert tuple(BUILTIN) == MODALITIES
    for modality, name in BUILTIN.items():
        assert modality in get_encoder(name).modalities


def test_listing_is_sorted_and_admits_that_descriptors_know_no_meaning() -> None:
    names = [card.name for card in list_encoders()]
    assert names == sorted(names)
    cards = [card for card in list_encoders() if not card.semantic]
    assert [card.name for card in cards] == sorted(BUILTIN.values())
    for card in cards:
        assert "not" in card.description


def test_listing_and_lookup_load_no_heavy_library() -> None:
    heavy = "('torch', 'onnxruntime', 'scipy', 'PIL', 'tokenizers', 'polars')"
    code = (
        "import sys; from pentad.encoders.registry import list_encoders, get_encoder; "
        "[get_encoder(c.name) for c in list_encoders() if not c.semantic]; "
        f"sys.exit(', '.join(m for m in {heavy} if m in sys.modules) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'hashed-text'.*pentad list encoders"):
        get_encoder("hashd-text")


def test_a_registered_encoder_is_found_and_loaded_late(clean: None) -> None:
    calls = []

    def load() -> object:
        calls.append(1)
        return get_encoder("hashed-text")

    register_encoder("mine", load, card=replace(HASHED_TEXT, name="mine"))  # type: ignore[arg-type]
    assert "mine" in [card.name for card in list_encoders()]
    assert not calls
    assert get_encoder("mine").name == "hashed-text"


@pytest.mark.parametrize("name", ["", "a/b", "onnx:x", "image=x", ".hidden"])
def test_names_that_read_as_something_else_cannot_be_registered(clean: None, name: str) -> None:
    with pytest.raises(InputError, match="wrong encoder name"):
        register_encoder(
            name, lambda: get_encoder("hashed-text"), card=replace(HASHED_TEXT, name=name)
        )


def test_a_name_is_registered_once_and_under_its_own_card(clean: None) -> None:
    with pytest.raises(InputError, match="already"):
        register_encoder("hashed-text", lambda: get_encoder("hashed-text"), card=HASHED_TEXT)
    with pytest.raises(InputError, match="one name"):
        register_encoder("other", lambda: get_encoder("hashed-text"), card=HASHED_TEXT)


def test_a_card_folder_is_found_by_prefix_and_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    text_folder(folder)
    assert get_encoder(f"onnx:{folder}").name == "tiny-text"
    assert get_encoder(str(folder)).name == "tiny-text"
    monkeypatch.chdir(tmp_path)
    assert get_encoder("tiny").name == "tiny-text"
    assert get_encoder("./tiny").name == "tiny-text"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_encoder("~/tiny").name == "tiny-text"
    assert get_encoder("onnx:~/tiny").name == "tiny-text"


def test_folders_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        get_encoder(str(tmp_path / "absent"))
    with pytest.raises(InputError, match=r"holds no model; expected card\.toml"):
        get_encoder(str(tmp_path))
    with pytest.raises(InputError, match="no such card"):
        get_encoder(f"onnx:{tmp_path}")


def test_other_kinds_of_folder_can_be_taught(clean: None, tmp_path: Path) -> None:
    (tmp_path / "thing.json").touch()
    register_folder_loader("thing.json", lambda _: get_encoder("hashed-text"))
    assert get_encoder(str(tmp_path)).name == "hashed-text"
    with pytest.raises(InputError, match="already have a loader"):
        register_folder_loader("thing.json", lambda _: get_encoder("hashed-text"))


def test_models_of_the_hub_are_looked_for_there() -> None:
    with pytest.raises(InputError, match=r"hf:nobody/nothing cannot be fetched"):
        get_encoder("hf:nobody/nothing")


def test_a_set_is_no_encoder() -> None:
    with pytest.raises(InputError, match=r"is a set of encoders; take one .*larger_clap_general"):
        get_encoder("bert-clip-clap")


def test_a_workspace_names_its_models(tmp_path: Path) -> None:
    (tmp_path / "pentad.toml").touch()
    with pytest.raises(InputError, match="is a workspace, no model; expected one of its models"):
        get_encoder(str(tmp_path))
    (tmp_path / "models" / "unified").mkdir(parents=True)
    with pytest.raises(InputError, match=r"is a workspace, no model; expected .*models/unified"):
        get_encoder(str(tmp_path))


def test_a_name_of_the_hub_without_its_prefix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a model on the hub is hf:openai/clip"):
        get_encoder("openai/clip")
    with pytest.raises(InputError, match=r"there is no such folder$"):
        get_encoder("no/such/folder")
    (tmp_path / "model.onnx").touch()
    with pytest.raises(InputError, match="this is a file; name the folder of a model"):
        get_encoder(str(tmp_path / "model.onnx"))
