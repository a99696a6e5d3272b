"""Tiny random models through the code that loads and asks real ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import DecodeError, InputError, Reason, UnknownName
from pentad.core.modality import Modality
from pentad.encoders.captioners.load import load_captioner, short_name
from pentad.encoders.captioners.places import in_folder
from pentad.encoders.captioners.presets import PRESETS, list_captioners
from pentad.encoders.captioners.protocol import (
    FRAMES,
    Captioner,
    generator_fingerprint,
    task_prompt,
)
from pentad.media.types import Audio, Image, Views
from tests.encoders.captioners.tiny import (
    TEMPLATE,
    blip_folder,
    idefics_folder,
    llava_folder,
    pictures,
    video,
)
from tests.pipeline.shared import once

pytestmark = pytest.mark.slow

TOKENS = 24
PROMPT = task_prompt("image")


@pytest.fixture(scope="module")
def idefics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "idefics", idefics_folder)


@pytest.fixture(scope="module")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "llava", llava_folder)


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "blip", blip_folder)


@pytest.fixture
def copy(idefics: Path, tmp_path: Path) -> Path:
    shutil.copytree(idefics, tmp_path / "copy")
    return tmp_path / "copy"


def words(answers: list[str | DecodeError]) -> list[str]:
    """Return answers as plain values to compare."""
    return [answer if isinstance(answer, str) else f"! {answer}" for answer in answers]


def load(folder: Path, **options: Any) -> Captioner:
    return load_captioner(str(folder), **{"max_tokens": TOKENS, **options})


@pytest.mark.parametrize("kind", ["idefics", "llava"])
def test_the_same_pictures_twice_get_the_same_words(
    kind: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(kind)
    one, two = load(folder), load(folder)
    first = one.caption(pictures(7), modality="image", prompt=PROMPT)
    assert words(first) == words(two.caption(pictures(7), modality="image", prompt=PROMPT))
    assert words(first) == words(one.caption(pictures(7), modality="image", prompt=PROMPT))
    assert sum(isinstance(answer, str) for answer in first) > 3
    assert len(set(words(first))) > 1
    assert one.fingerprint == two.fingerprint
    assert isinstance(one, Captioner)


def test_batch_size_and_company_change_no_word(idefics: Path) -> None:
    items = pictures(11)
    expected = words(load(idefics, batch_size=1).caption(items, modality="image", prompt=PROMPT))
    for size in (2, 4, 11):
        captioner = load(idefics, batch_size=size)
        assert words(captioner.caption(items, modality="image", prompt=PROMPT)) == expected
    backwards = load(idefics, batch_size=4).caption(items[::-1], modality="image", prompt=PROMPT)
    assert words(backwards)[::-1] == expected


def test_the_prompt_is_heard(idefics: Path) -> None:
    captioner = load(idefics)
    asked = captioner.caption(pictures(7), modality="image", prompt=PROMPT)
    other = captioner.caption(pictures(7), modality="image", prompt="two green cubes on a table")
    assert words(asked) != words(other)


def test_a_video_is_shown_as_frames_and_a_cloud_as_views(idefics: Path) -> None:
    captioner = load(idefics)
    assert captioner.modalities == (Modality.IMAGE, Modality.VIDEO, Modality.POINTS)
    assert captioner.decode_options("video").video_frames == FRAMES
    assert captioner.decode_options("points").views == FRAMES
    films = [video(FRAMES, seed=seed) for seed in range(3)]
    ask = {"modality": "video", "prompt": captioner.default_prompt("video")}
    told = words(captioner.caption(films, **ask))
    assert told == [words(captioner.caption([film], **ask))[0] for film in films]
    turned = [video(FRAMES, seed=seed) for seed in (2, 1, 0)]
    assert words(captioner.caption(turned, **ask)) == told[::-1]
    views = Views(films[0].frames)
    assert len(captioner.caption([views], modality="points", prompt="what")) == 1


def test_a_model_without_a_chat_template_takes_one_picture(blip: Path) -> None:
    captioner = load(blip)
    assert captioner.modalities == (Modality.IMAGE,)
    assert captioner.default_prompt("image") == ""
    answers = captioner.caption(pictures(9), modality="image", prompt="")
    assert any(isinstance(answer, str) for answer in answers)
    reasons = {answer.reason for answer in answers if isinstance(answer, DecodeError)}
    assert reasons <= {Reason.TRUNCATED, Reason.EMPTY_CAPTION}
    begun = captioner.caption(pictures(9), modality="image", prompt="a red")
    assert all(answer.startswith("a red") for answer in begun if isinstance(answer, str))
    with pytest.raises(InputError, match="does not encode 'video'"):
        captioner.caption([video(2)], modality="video", prompt="")


def test_a_template_that_is_missing_is_made_up_for(llava: Path, tmp_path: Path) -> None:
    bare = llava_folder(tmp_path / "bare", template=None)
    captioner = load(bare)
    assert captioner.modalities == (Modality.IMAGE,)
    assert captioner.default_prompt("image") == PROMPT
    assert len(captioner.caption(pictures(3), modality="image", prompt=PROMPT)) == 3


def test_an_answer_that_does_not_end_is_refused(idefics: Path) -> None:
    whole = load(idefics).caption(pictures(7), modality="image", prompt=PROMPT)
    cut = load(idefics, max_tokens=1).caption(pictures(7), modality="image", prompt=PROMPT)
    assert {a.reason for a in cut if isinstance(a, DecodeError)} == {Reason.TRUNCATED}
    assert "at 1 tokens" in str(cut[0])
    assert any(isinstance(answer, str) for answer in whole)


def test_what_the_folder_says_of_chance_is_not_heard(copy: Path) -> None:
    expected = words(load(copy).caption(pictures(5), modality="image", prompt=PROMPT))
    settings = json.loads((copy / "generation_config.json").read_text())
    random = {"do_sample": True, "temperature": 5.0, "top_k": 3, "num_beams": 3}
    (copy / "generation_config.json").write_text(json.dumps(settings | random))
    for _ in range(2):
        assert words(load(copy).caption(pictures(5), modality="image", prompt=PROMPT)) == expected


def test_the_fingerprint_covers_all_that_decides(idefics: Path, copy: Path) -> None:
    first = load(idefics).fingerprint
    assert load(copy).fingerprint == first
    assert load(copy, batch_size=2).fingerprint == first
    others = {load(copy, max_tokens=9).fingerprint, load(copy, dtype="bfloat16").fingerprint}
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    others.add(load(copy).fingerprint)
    assert len(others | {first}) == 4
    captioner = load(idefics)
    asked = {generator_fingerprint(captioner, "image", prompt) for prompt in ("a", "b")}
    asked |= {generator_fingerprint(captioner, "video", "a")}
    assert len(asked) == 3


def test_numbers_of_half_the_length_will_do(idefics: Path) -> None:
    captioner = load(idefics, dtype="bfloat16")
    answers = captioner.caption(pictures(4), modality="image", prompt=PROMPT)
    assert words(answers) == words(captioner.caption(pictures(4), modality="image", prompt=PROMPT))


def test_an_item_that_fails_is_refused_alone(idefics: Path) -> None:
    captioner = load(idefics)
    plain = [Image(np.full((20, 20, 3), shade, np.uint8)) for shade in (20, 200)]
    long = Image(np.zeros((1, 400, 3), np.uint8))
    answers = captioner.caption([plain[0], long, plain[1]], modality="image", prompt=PROMPT)
    alone = captioner.caption(plain, modality="image", prompt=PROMPT)
    assert words(answers)[::2] == words(alone)


def test_a_network_that_fails_on_one_item_refuses_it_and_on_all_is_broken(
    idefics: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captioner = load(idefics)
    generate = captioner._network.generate  # type: ignore[attr-defined]

    def moody(**inputs: Any) -> Any:
        if float(inputs["pixel_values"].min()) < limit:
            raise ValueError("too dark")
        return generate(**inputs)

    monkeypatch.setattr(captioner._network, "generate", moody)  # type: ignore[attr-defined]
    dark, light = (Image(np.full((20, 20, 3), shade, np.uint8)) for shade in (0, 250))
    limit = -0.5  # of what a picture is after scaling; the plain one is grey
    answers = captioner.caption([dark, light, dark], modality="image", prompt=PROMPT)
    assert [isinstance(a, DecodeError) and a.reason for a in answers][::2] == [
        Reason.ENCODER_FAILED,
        Reason.ENCODER_FAILED,
    ]
    assert "ValueError: too dark" in str(answers[0])
    fresh = load(idefics)
    monkeypatch.setattr(fresh._network, "generate", moody)  # type: ignore[attr-defined]
    alone = fresh.caption([dark, dark], modality="image", prompt=PROMPT)
    assert {type(answer) for answer in alone} == {DecodeError}
    limit = 10.0
    broken = load(idefics)
    monkeypatch.setattr(broken._network, "generate", moody)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="cannot caption anything"):
        broken.caption([light], modality="image", prompt=PROMPT)


def test_out_of_memory_halves_the_batch(idefics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    expected = words(load(idefics).caption(pictures(8), modality="image", prompt=PROMPT))
    captioner = load(idefics, batch_size=8)
    generate, sizes = captioner._network.generate, []  # type: ignore[attr-defined]

    def small(**inputs: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(captioner._network, "generate", small)  # type: ignore[attr-defined]
    assert words(captioner.caption(pictures(8), modality="image", prompt=PROMPT)) == expected
    assert sizes[:3] == [8, 4, 2]
    assert captioner.batch_size == 2  # type: ignore[attr-defined]


def test_sounds_are_nothing_to_look_at(idefics: Path) -> None:
    captioner = load(idefics)
    with pytest.raises(InputError, match="nothing to look at"):
        captioner.caption([Audio(np.zeros(9, np.float32), 8)], modality="image", prompt=PROMPT)


@pytest.mark.parametrize(
    ("change", "words_"),
    [
        (lambda f: (f / "config.json").unlink(), "cannot be read"),
        (lambda f: (f / "config.json").write_text("{"), "is not JSON"),
        (lambda f: (f / "config.json").write_text('{"model_type": "clip"}'), "into words"),
        (
            lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"),
            "can run code when it is read",
        ),
        (lambda f: (f / "model.safetensors").unlink(), "holds no weights"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), "cannot be loaded"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "cannot be loaded"),
        (lambda f: (f / "adapter_config.json").write_text("{}"), "is an adapter"),
    ],
)
def test_a_damaged_folder_is_one_line(copy: Path, change: Any, words_: str) -> None:
    change(copy)
    with pytest.raises(InputError, match=words_) as caught:
        load(copy)
    assert len(str(caught.value).splitlines()) == 1


def test_weights_that_lack_numbers_are_refused(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(copy / "model.safetensors")
    tensors.pop(next(name for name in sorted(tensors) if "vision" in name))
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="its weights lack"):
        load(copy)


def test_wrong_arguments_are_refused(idefics: Path) -> None:
    with pytest.raises(UnknownName, match="minicpm-v"):
        load_captioner("minicpm")
    with pytest.raises(InputError, match="no such folder"):
        load_captioner("./nowhere")
    with pytest.raises(InputError, match="wrong dtype"):
        load(idefics, dtype="int8")
    with pytest.raises(InputError, match="device 'cuda:99' cannot be used"):
        load(idefics, device="cuda:99")
    with pytest.raises(InputError, match="at least 1"):
        load(idefics, batch_size=0)
    with pytest.raises(InputError, match="wrong name of a model"):
        load_captioner("hf:no-user")
    with pytest.raises(InputError, match="an empty picture"):
        load(idefics).caption(
            [Image(np.zeros((0, 4, 3), np.uint8))], modality="image", prompt=PROMPT
        )


def test_a_hub_that_is_not_there_is_one_line() -> None:
    notices: list[str] = []
    with pytest.raises(InputError, match="hf:nobody/nothing cannot be fetched"):
        load_captioner("hf:nobody/nothing", notice=notices.append)
    assert notices == ["hf:nobody/nothing: licence not stated; fetching its files to this machine"]


def test_the_preset_says_its_terms_and_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = PRESETS["minicpm-v"]
    assert (preset.spec, preset.licence) == ("hf:openbmb/MiniCPM-V-4.6", "Apache-2.0")
    assert preset in list_captioners()
    monkeypatch.setattr("pentad.encoders.captioners.load.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"MiniCPM-V-4\.6 needs torchvision"):
        load_captioner("minicpm-v")
    monkeypatch.setattr("pentad.encoders.captioners.load.find_spec", lambda name: name)
    notices: list[str] = []
    with pytest.raises(InputError, match=r"hf:openbmb/MiniCPM-V-4\.6 cannot be fetched"):
        load_captioner("minicpm-v", notice=notices.append)
    assert notices == [
        "hf:openbmb/MiniCPM-V-4.6: licence Apache-2.0; fetching its files to this machine"
    ]


def test_names_of_sources_follow_from_models() -> None:
    assert short_name("openbmb/MiniCPM-V-4.6") == "minicpm-v-4.6"
    assert short_name("gpt-4o mini") == "gpt-4o-mini"
    assert short_name("///") == "model"


def test_a_folder_is_known_by_its_content(copy: Path) -> None:
    found = in_folder(copy)
    assert (found.model, found.licence) == ("copy", "not stated")
    (copy / "README.md").write_text("---\nlicense: mit\n---\n")
    again = in_folder(copy)
    assert (again.content, again.licence) == (found.content, "mit")
    assert TEMPLATE in (copy / "chat_template.jinja").read_text()
