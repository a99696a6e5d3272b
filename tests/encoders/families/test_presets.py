from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.core.modality import Modality
from pentad.encoders.families.expand import expand_presets
from pentad.encoders.families.hub import parse_hub_name
from pentad.encoders.families.notice import not_for_sale
from pentad.encoders.families.presets import PRESETS, SETS, VARIABLE
from pentad.encoders.registry import get_encoder, is_registered, list_encoders
from pentad.encoders.specs import relative_spec, split_spec
from pentad.pipeline.names import listing
from pentad.pipeline.plan import load_encoders

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

Folders = Callable[[str], Path]

# The weights of these may not be used for profit, as their sources say.
NOT_FOR_SALE = {
    "MobileCLIP2-S0-OpenCLIP",
    "metaclip-2-worldwide-b32",
    "metaclip-2-worldwide-huge-quickgelu",
}


def test_every_card_says_what_a_user_should_know() -> None:
    for name, preset in PRESETS.items():
        card = preset.card
        assert card.name == name
        assert is_registered(name)
        assert card.semantic
        assert card.dim > 0
        assert card.modalities
        assert card.licence
        assert card.citation
        assert card.source == f"hf:{preset.repo}"
        assert card.description.endswith(".")
        assert parse_hub_name(preset.repo).revision is None


def test_non_commercial_ones_are_marked_before_anything_is_fetched() -> None:
    assert {n for n, preset in PRESETS.items() if not_for_sale(preset.card.licence)} == NOT_FOR_SALE
    header, rows = listing("encoders")
    marked = {row[0] for row in rows if "commercial" in row[header.index("limits")]}
    assert marked == NOT_FOR_SALE


def test_cards_are_read_without_libraries_and_without_the_hub() -> None:
    code = (
        "import sys; from pentad.pipeline.names import listing; listing('encoders'); "
        "heavy = {'torch', 'transformers', 'huggingface_hub', 'sentence_transformers'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_listing_has_every_encoder_and_every_set() -> None:
    names = [row[0] for row in listing("encoders")[1]]
    assert names[: len(list_encoders())] == [card.name for card in list_encoders()]
    assert set(SETS) < set(names)


def test_a_set_stands_for_what_is_in_it() -> None:
    assert expand_presets(["hashed-text", "bert-clip-clap", "image=image-descriptor"]) == [
        "hashed-text",
        *SETS["bert-clip-clap"].specs,
        "image=image-descriptor",
    ]
    assert expand_presets([]) == []


def test_sets_name_encoders_that_there_are() -> None:
    for preset_set in SETS.values():
        assert not is_registered(preset_set.name)
        assert preset_set.about
        for spec in preset_set.specs:
            modality, name = split_spec(spec)
            assert modality is None or Modality(modality) in PRESETS[name].card.modalities


def test_a_set_is_not_for_one_modality() -> None:
    with pytest.raises(InputError, match=r"is a set of encoders, not one for audio; expected -m"):
        expand_presets(["audio=bert-clip-clap"])


def test_a_plan_loads_what_is_in_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    from pentad.pipeline import plan

    asked: list[str] = []

    def fake(name: str) -> object:
        asked.append(name)
        return type("Fake", (), {"modalities": tuple(Modality), "name": name})()

    monkeypatch.setattr(plan, "get_encoder", fake)
    named = load_encoders(["e-mm1-baseline"])
    assert asked == ["PE-Core-L-14-336", "pe-av-large", "uni3d-g-no-lvis"]
    assert [modality for modality, _ in named] == [None, Modality.AUDIO, Modality.POINTS]
    assert [chosen.spec for _, chosen in named] == asked


def test_names_of_published_models_are_no_paths(tmp_path: Path) -> None:
    for spec in ("clip-vit-base-patch32", "image=siglip2-base-patch16-224", "bert-clip-clap"):
        assert relative_spec(spec, tmp_path) == spec


def test_a_missing_package_is_told_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pentad.encoders.families import load

    fetched: list[str] = []
    monkeypatch.setitem(sys.modules, "open_clip", None)
    monkeypatch.setattr(load, "fetch_model", fetched.append)
    with pytest.raises(MissingExtra, match=r"pentad\[open-clip\]"):
        get_encoder("PE-Core-L-14-336")
    assert not fetched


def test_a_pickled_model_says_how_it_is_converted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match=r"modelzoo/uni3d-ti-no-lvis/model\.pt.*encoders\.md"):
        get_encoder("uni3d-ti-no-lvis")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(InputError, match=r"no folder .*uni3d-ti-no-lvis"):
        get_encoder("uni3d-ti-no-lvis")
    with pytest.raises(InputError, match="has no revisions"):
        get_encoder("uni3d-ti-no-lvis@main")


def test_a_converted_model_is_found_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_folder: Folders
) -> None:
    shutil.copytree(tiny_folder("clip"), tmp_path / "uni3d-ti-no-lvis")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    encoder = get_encoder("uni3d-ti-no-lvis")
    assert encoder.name == "uni3d-ti-no-lvis"
    assert encoder.card.licence == "MIT"  # type: ignore[attr-defined]
