from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.families.load import load_folder
from pentad.encoders.families.presets import PRESETS
from pentad.encoders.registry import get_encoder
from tests.encoders.families.fake_hub import FakeHub, Repo, files_of, serving

CLIP, CLAP = "openai/clip-vit-base-patch32", "laion/larger_clap_general"
Folders = Callable[[str], Path]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    with serving(monkeypatch, tmp_path / "home") as running:
        yield running


def without_safetensors(folder: Path) -> dict[str, bytes]:
    files = files_of(folder)
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    return files


def test_a_preset_is_fetched_by_its_name(hub: FakeHub, tiny_folder: Folders) -> None:
    repo = hub.put(CLIP, tiny_folder("clip"))
    encoder = get_encoder("clip-vit-base-patch32")
    card = encoder.card  # type: ignore[attr-defined]
    told = PRESETS["clip-vit-base-patch32"].card
    assert encoder.name == card.name == "clip-vit-base-patch32"
    assert encoder.revision == repo.revisions["main"]
    assert (card.licence, card.citation, card.source) == (told.licence, told.citation, told.source)
    here = load_folder(tiny_folder("clip"))
    assert encoder.fingerprint == here.fingerprint
    np.testing.assert_array_equal(
        encoder.encode(["a cat"], modality="text"), here.encode(["a cat"], modality="text")
    )


def test_a_preset_and_its_address_on_the_hub_are_one_space(
    hub: FakeHub, tiny_folder: Folders
) -> None:
    from pentad.encoders.protocol import space_of

    hub.put(CLIP, tiny_folder("clip"))
    assert space_of(get_encoder("clip-vit-base-patch32")) == space_of(get_encoder(f"hf:{CLIP}"))


def test_only_what_is_needed_and_cannot_run_code_is_fetched(
    hub: FakeHub, tiny_folder: Folders
) -> None:
    more = {
        "pytorch_model.bin": b"x",
        "modeling_evil.py": b"import os",
        "flax_model.msgpack": b"x",
        "tf_model.h5": b"x",
        "weights.ckpt": b"x",
        "picture.png": b"x",
        "README.md": b"---\nlicense: mit\n---\n",
    }
    hub.put(CLIP, tiny_folder("clip"), **more)
    get_encoder(f"hf:{CLIP}")
    assert hub.fetched == {*files_of(tiny_folder("clip")), "README.md"}


def test_nothing_is_asked_twice_of_a_revision(hub: FakeHub, tiny_folder: Folders) -> None:
    repo = hub.put(CLIP, tiny_folder("clip"))
    first = get_encoder(f"clip-vit-base-patch32@{repo.revisions['main']}")
    hub.asked.clear()
    again = get_encoder(f"hf:{CLIP}@{repo.revisions['main']}")
    assert not hub.fetched
    assert again.fingerprint == first.fingerprint


def test_another_revision_is_another_model(hub: FakeHub, tiny_folder: Folders) -> None:
    repo = hub.put(CLIP, tiny_folder("metaclip2"))
    old = repo.add("v1", files_of(tiny_folder("clip")))
    assert get_encoder("clip-vit-base-patch32@v1").revision == old
    assert get_encoder("clip-vit-base-patch32").revision != old


def test_weights_that_the_hub_converted_are_taken(hub: FakeHub, tiny_folder: Folders) -> None:
    repo = hub.repos.setdefault(CLAP, Repo())
    repo.add("main", without_safetensors(tiny_folder("clap")))
    repo.offer(1, {"model.safetensors": b"of a stranger"}, author="somebody")
    commit = repo.offer(4, files_of(tiny_folder("clap")))
    encoder = get_encoder("larger_clap_general")
    assert encoder.revision == commit
    assert "pytorch_model.bin" not in hub.fetched


def test_converted_weights_are_found_again_without_the_hub(
    hub: FakeHub, tiny_folder: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    repo = hub.repos.setdefault(CLAP, Repo())
    repo.add("main", without_safetensors(tiny_folder("clap")))
    repo.offer(4, files_of(tiny_folder("clap")))
    there = get_encoder("larger_clap_general")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    asked = len(hub.asked)
    assert get_encoder("larger_clap_general").fingerprint == there.fingerprint
    assert len(hub.asked) == asked


def test_weights_that_are_pickled_alone_are_refused(hub: FakeHub, tiny_folder: Folders) -> None:
    hub.repos.setdefault(CLAP, Repo()).add("main", without_safetensors(tiny_folder("clap")))
    with pytest.raises(InputError, match=r"no weights as safetensors; others can run code") as got:
        get_encoder("larger_clap_general")
    assert "\n" not in str(got.value)
    assert "pytorch_model.bin" not in hub.fetched
    with pytest.raises(InputError, match="at revision 'main'"):
        get_encoder("larger_clap_general@main")


def test_a_model_that_is_not_there(hub: FakeHub) -> None:
    with pytest.raises(InputError, match=r"there is no model hf:openai/clip-vit-base-patch32"):
        get_encoder("clip-vit-base-patch32")


def test_a_revision_that_is_not_there(hub: FakeHub, tiny_folder: Folders) -> None:
    hub.put(CLIP, tiny_folder("clip"))
    with pytest.raises(InputError, match="has no revision 'v9'"):
        get_encoder(f"hf:{CLIP}@v9")


def test_a_model_that_asks_for_consent(hub: FakeHub, tiny_folder: Folders) -> None:
    hub.put("google/embeddinggemma-300m", tiny_folder("clip")).gated = True
    with pytest.raises(InputError, match=r"asks for consent: .*'hf auth login'"):
        get_encoder("hf:google/embeddinggemma-300m")


def test_a_hub_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_folder: Folders
) -> None:
    with serving(monkeypatch, tmp_path) as hub:
        hub.put(CLIP, tiny_folder("clip"))
        get_encoder(f"hf:{CLIP}")
    assert get_encoder(f"hf:{CLIP}").name == "clip-vit-base-patch32"  # it is on this machine
    with pytest.raises(InputError, match=r"cannot be fetched .*try again when") as caught:
        get_encoder("clip-vit-base-patch16")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["clip", "a/b/c", "a/b@", "../x/y", "a/b c"])
def test_names_that_are_none_of_the_hub(name: str) -> None:
    with pytest.raises(InputError, match="wrong name of a model on the hub"):
        get_encoder(f"hf:{name}")


def test_non_commercial_weights_are_told_before_they_are_fetched(
    hub: FakeHub, tiny_folder: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with pytest.raises(InputError, match="there is no model"):
        get_encoder("metaclip-2-worldwide-b32")
    hub.put("facebook/metaclip-2-worldwide-b32", tiny_folder("metaclip2"))
    get_encoder("metaclip-2-worldwide-b32")
    told = [record.getMessage() for record in caplog.records]
    said = "metaclip-2-worldwide-b32: its licence excludes commercial use (CC-BY-NC)"
    assert told == [said, said]


@pytest.mark.parametrize(
    ("licence", "heard"), [("cc-by-nc-4.0", True), ("apple-amlr", True), ("mit", False)]
)
def test_what_a_readme_states_is_told_too(
    hub: FakeHub,
    tiny_folder: Folders,
    caplog: pytest.LogCaptureFixture,
    licence: str,
    heard: bool,
) -> None:
    caplog.set_level(logging.WARNING)
    readme = f"---\nlicense: {licence}\n---\n# A model\n".encode()
    hub.put("someone/model", tiny_folder("clip"), **{"README.md": readme})
    encoder = get_encoder("hf:someone/model")
    assert encoder.card.licence == licence  # type: ignore[attr-defined]
    assert len(caplog.records) == int(heard)
