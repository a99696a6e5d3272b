from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pentad.core.errors import InputError
from pentad.encoders.families.load import load_folder
from pentad.encoders.families.tokens import AS_IT_IS, LOWER, SENTENCE, WORDS, respelt
from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.families.videoprism import FrameSettings, scaled
from pentad.media.types import Image, Video
from tests.encoders.families.tiny_families import SIDE, siglip2_folder

Encoders = Callable[[str], TorchEncoder]
Folders = Callable[[str], Path]


def picture(height: int = 40, width: int = 60, seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("spelling", "said"),
    [
        (AS_IT_IS, " A Dog,at  SEA! "),
        (LOWER, " a dog,at  sea! "),
        (WORDS, "a dogat sea"),
        (SENTENCE, "a dog at sea."),
    ],
)
def test_captions_are_spelt_as_in_training(spelling: str, said: str) -> None:
    assert respelt(" A Dog,at  SEA! ", spelling) == said
    assert respelt(said, spelling) == said


@pytest.mark.parametrize(
    ("name", "alike"),
    [("siglip", True), ("square siglip2", False), ("siglip2", False), ("videoprism", True)],
)
def test_capitals_do_not_matter_and_marks_only_to_siglip2(
    name: str, alike: bool, tiny_encoder: Encoders
) -> None:
    captions = ["A Red ball on grass", "a red ball on grass", "a red, ball on grass!"]
    one, two, three = tiny_encoder(name).encode(captions, modality="text")
    np.testing.assert_array_equal(one, two)
    assert np.array_equal(two, three) == alike


def test_a_tokenizer_whose_class_needs_another_package(
    tiny_folder: Folders, tiny_encoder: Encoders, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder("siglip"), folder)
    file = folder / "tokenizer_config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"tokenizer_class": "SiglipTokenizer"})
    )
    np.testing.assert_array_equal(
        load_folder(folder).encode(["a red ball"], modality="text"),
        tiny_encoder("siglip").encode(["a red ball"], modality="text"),
    )


def test_the_number_of_patches_is_told_and_recorded(tmp_path: Path) -> None:
    from transformers import Siglip2ImageProcessor

    siglip2_folder(tmp_path)
    many = load_folder(tmp_path)
    assert many.network.preprocessing["image_options"] == {"max_num_patches": 16}
    Siglip2ImageProcessor(patch_size=8, max_num_patches=9).save_pretrained(tmp_path)
    few = load_folder(tmp_path)
    assert few.network.preprocessing["image_options"] == {"max_num_patches": 9}
    feed = few.network.feeds(Image(picture()), few.modalities[1])[0]
    assert feed["pixel_values"].shape == (9, 192)
    assert feed["spatial_shapes"].prod() == feed["pixel_attention_mask"].sum() <= 9
    assert few.fingerprint != many.fingerprint


def test_pictures_keep_their_form_only_with_siglip2(tiny_encoder: Encoders) -> None:
    wide = picture(32, 128)
    network = tiny_encoder("siglip2").network
    feed = network.feeds(Image(wide), network.modalities[1])[0]
    rows, columns = feed["spatial_shapes"].tolist()
    assert rows < columns
    square = tiny_encoder("siglip").network
    assert square.feeds(Image(wide), square.modalities[1])[0]["pixel_values"].shape == (3, 32, 32)


@pytest.mark.parametrize("name", ["clip", "siglip", "siglip2", "metaclip2"])
def test_a_video_is_the_mean_of_its_frames(name: str, tiny_encoder: Encoders) -> None:
    encoder = tiny_encoder(name)
    frames = np.stack([picture(seed=n) for n in range(8)])
    rows = encoder.encode([Image(f) for f in frames], modality="image", normalize=False)
    whole = encoder.encode([Video(frames, 8.0)], modality="video", normalize=False)
    np.testing.assert_allclose(whole[0], rows.mean(axis=0), atol=1e-5)
    unit = encoder.encode([Video(frames, 8.0)], modality="video")
    np.testing.assert_allclose(unit[0], whole[0] / np.linalg.norm(whole[0]), atol=1e-6)


@pytest.mark.parametrize("name", ["xclip", "videoprism"])
def test_the_order_of_frames_matters_to_those_that_see_time(
    name: str, tiny_encoder: Encoders
) -> None:
    encoder = tiny_encoder(name)
    frames = np.stack([picture(seed=n) for n in range(4)])
    both = [Video(frames, 4.0), Video(frames[::-1].copy(), 4.0)]
    rows = encoder.encode_frames(both, modality="video")
    assert [len(part) for part in rows] == [1, 1]
    assert np.abs(rows[0] - rows[1]).max() > 1e-4


def test_xclip_with_an_image_processor_for_frames(tiny_folder: Folders, tmp_path: Path) -> None:
    from transformers import CLIPImageProcessor

    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder("xclip"), folder)
    sizes = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
    CLIPImageProcessor(**sizes).save_pretrained(folder)
    encoder = load_folder(folder)
    frames = np.stack([picture(seed=n) for n in range(4)])
    assert np.isfinite(encoder.encode([Video(frames, 4.0)], modality="video")).all()


def test_files_and_pictures_at_hand_give_the_same(tiny_encoder: Encoders, tmp_path: Path) -> None:
    pixels = picture()
    Pillow.fromarray(pixels).save(tmp_path / "picture.png")
    given = [
        tmp_path / "picture.png",
        (tmp_path / "picture.png").read_bytes(),
        Pillow.fromarray(pixels),
        pixels,
        Image(pixels),
    ]
    vectors = tiny_encoder("siglip").encode(given, modality="image", batch_size=2)
    for vector in vectors[1:]:
        np.testing.assert_array_equal(vector, vectors[0])


def test_settings_as_older_libraries_wrote_them(
    tiny_folder: Folders, tiny_encoder: Encoders, tmp_path: Path
) -> None:
    for name, kind in (("clip", "CLIPFeatureExtractor"), ("xclip", "VideoMAEFeatureExtractor")):
        folder = tmp_path / name
        shutil.copytree(tiny_folder(name), folder)
        file = folder / "preprocessor_config.json"
        now = json.loads(file.read_text())
        names = ("image_mean", "image_std", "resample", "do_resize", "do_center_crop")
        old = {key: now[key] for key in (*names, "do_normalize")}
        file.write_text(
            json.dumps(old | {"size": 32, "crop_size": 32, "feature_extractor_type": kind})
        )
        video = [Video(np.stack([picture(seed=n) for n in range(4)]), 4.0)]
        np.testing.assert_array_equal(
            load_folder(folder).encode(video, modality="video"),
            tiny_encoder(name).encode(video, modality="video"),
        )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("siglip2", "image_processor"),
        ("clip", "image_processor"),
        ("pe_audio", "feature_extractor"),
    ],
)
def test_settings_inside_those_of_a_processor(
    name: str, part: str, tiny_folder: Folders, tmp_path: Path, tiny_encoder: Encoders
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder(name), folder)
    file = folder / "preprocessor_config.json"
    settings = json.loads(file.read_text())
    file.unlink()
    (folder / "processor_config.json").write_text(json.dumps({part: settings}))
    assert load_folder(folder).network.preprocessing == tiny_encoder(name).network.preprocessing


# ------------------------------------------------------------------------------------ VideoPrism


def test_frames_are_scaled_as_the_saved_numbers_say(tiny_folder: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder("videoprism"), folder)
    plain = load_folder(folder)
    saved = {
        "resample": 2,
        "rescale_factor": 0.5,
        "do_normalize": True,
        "image_mean": [1.0, 2.0, 3.0],
        "image_std": [2.0, 2.0, 4.0],
    }
    (folder / "video_preprocessor_config.json").write_text(json.dumps(saved))
    other = load_folder(folder)
    assert other.fingerprint != plain.fingerprint
    assert other.network.preprocessing["pixels"] == {
        "height": 36,
        "width": 36,
        "resample": 2,
        "factor": 0.5,
        "mean": (1.0, 2.0, 3.0),
        "std": (2.0, 2.0, 4.0),
    }


def test_a_frame_of_the_right_size_is_only_divided() -> None:
    pixels = picture(36, 36)
    np.testing.assert_allclose(
        scaled(pixels, FrameSettings(36, 36)), pixels.transpose(2, 0, 1) / 255, atol=1e-7
    )
    settings = FrameSettings(36, 36, factor=1.0, mean=(1.0, 2.0, 3.0), std=(2.0, 2.0, 4.0))
    wanted = ((pixels - np.array([1.0, 2.0, 3.0])) / [2.0, 2.0, 4.0]).transpose(2, 0, 1)
    np.testing.assert_allclose(scaled(pixels, settings), wanted, atol=1e-5)


@pytest.mark.parametrize(
    "saved",
    [
        "{",
        '{"do_center_crop": true}',
        '{"do_resize": false}',
        '{"resample": 99}',
        '{"do_normalize": true}',
        '{"do_normalize": true, "image_mean": [0, 0, 0], "image_std": [1, 0, 1]}',
    ],
)
def test_settings_that_are_not_known_are_refused(
    saved: str, tiny_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder("videoprism"), folder)
    (folder / "video_preprocessor_config.json").write_text(saved)
    with pytest.raises(InputError) as caught:
        load_folder(folder)
    assert "\n" not in str(caught.value)
