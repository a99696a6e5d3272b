"""`encode` takes what people have at hand, and gives what decoding first would have given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image as Pillow

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.core.modality import Modality
from pentad.encoders.accept import accepted, for_encoder, openers
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.protocol import ChoosesDecoding, Encoder, space_of
from pentad.encoders.registry import get_encoder
from pentad.media.decode import decode
from pentad.media.types import Audio, DecodeOptions, Image, Points, Video, Views
from pentad.store.places import Loaded, Member
from tests.encoders.samples import encoder as any_encoder
from tests.encoders.test_model import built_in_model
from tests.media.makers import write_video

RATE, DESCRIBED_RATE = 800, 16_000
RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 256, (7, 9, 3)).astype(np.uint8)
SAMPLES = np.sin(np.arange(500) / 5).astype(np.float32) * 0.5
XYZ = RNG.normal(size=(60, 3)).astype(np.float32)
RGB = RNG.integers(0, 256, (60, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    Pillow.fromarray(PIXELS).save(folder / "picture.png")
    for rate in (RATE, DESCRIBED_RATE):
        soundfile.write(folder / f"{rate}.wav", SAMPLES, rate, subtype="FLOAT")
    write_video(folder / "video.mp4", frames=12, size=8)
    np.save(folder / "cloud.npy", np.hstack([XYZ, RGB]).astype(np.float64))
    names = {
        "image": "picture.png",
        "audio": f"{RATE}.wav",
        "video": "video.mp4",
        "points": "cloud.npy",
    }
    return {kind: folder / name for kind, name in names.items()}


ENCODERS = {
    "image": ("image-descriptor", "tiny-image"),
    "audio": ("audio-descriptor", "tiny-audio"),
    "video": ("image-descriptor", "video-descriptor", "tiny-image"),
    "points": ("points-descriptor", "image-descriptor", "tiny-image"),
}
CASES = [(kind, name) for kind, names in ENCODERS.items() for name in names]


def forms(kind: str, file: Path, rate: int = RATE) -> dict[str, Any]:
    """The content of one file in every form that is taken."""
    import torch

    data = file.read_bytes()
    around = file.with_name(f"around-{file.name}")
    around.write_bytes(b"before" + data + b"after")
    out: dict[str, Any] = {
        "path": file,
        "string": str(file),
        "bytes": data,
        "bytearray": bytearray(data),
        "view": memoryview(data),
        "loaded": Loaded(data, file.name),
        "member": Member(around, 6, len(data), file.name),
    }
    if kind == "image":
        out |= {
            "decoded": Image(PIXELS),
            "pillow": Pillow.open(file),
            "with alpha": Pillow.fromarray(PIXELS).convert("RGBA"),
            "array": PIXELS,
            "numbers": PIXELS.astype(np.int64),
            "floats": PIXELS / 255,
            "channels first": np.ascontiguousarray(PIXELS.transpose(2, 0, 1)),
            "tensor": torch.from_numpy(PIXELS.transpose(2, 0, 1) / np.float32(255)),
        }
    elif kind == "audio":
        out |= {
            "decoded": Audio(SAMPLES, rate),
            "pair": (SAMPLES, rate),
            "list": [SAMPLES.tolist(), float(rate)],
            "mapping": {"array": SAMPLES, "sampling_rate": rate},
            "two channels": (np.stack([SAMPLES, SAMPLES]), rate),
            "channels last": (np.stack([SAMPLES, SAMPLES], axis=1), rate),
            "tensor": (torch.from_numpy(SAMPLES), rate),
        }
    elif kind == "video":
        whole = decode(file, "video")
        assert isinstance(whole, Video)
        frames = whole.frames
        out |= {
            "decoded": whole,
            "array": frames,
            "channels first": frames.transpose(0, 3, 1, 2),
            "list": list(frames),
            "pillow": [Pillow.fromarray(frame) for frame in frames],
            "tensor": torch.from_numpy(frames.transpose(0, 3, 1, 2).copy()),
        }
    else:
        out |= {
            "decoded": Points(XYZ, RGB),
            "array": np.hstack([XYZ, RGB]),
            "colours to 1": np.hstack([XYZ, RGB / 255]),
            "mapping": {"xyz": XYZ, "rgb": RGB},
            "tensor": torch.from_numpy(np.hstack([XYZ, RGB]).astype(np.float32)),
        }
    return out


@pytest.mark.parametrize(("kind", "name"), CASES, ids=["-".join(case) for case in CASES])
def test_every_form_gives_the_vector_of_the_decoded_file(
    files: dict[str, Path], tmp_path: Path, kind: str, name: str
) -> None:
    made: Any = any_encoder(name, tmp_path)
    assert isinstance(made, ChoosesDecoding)
    # Media that come decoded at another rate are resampled in another way.
    rate = DESCRIBED_RATE if name == "audio-descriptor" else RATE
    file = files[kind].with_name(f"{rate}.wav") if kind == "audio" else files[kind]
    decoded = decode(file, kind, made.decode_options(kind))
    wanted = made.encode([decoded], modality=kind)[0]
    given = forms(kind, file, rate)
    if name == "points-descriptor":  # it chooses its points by itself where they come decoded
        given.pop("decoded")
    vectors = made.encode(list(given.values()), modality=kind)
    for form, vector in zip(given, vectors, strict=True):
        assert np.array_equal(vector, wanted), form


def test_other_rates_are_resampled_as_in_files(tmp_path: Path) -> None:
    made: Any = get_encoder("audio-descriptor")
    samples = np.sin(np.arange(30_000) / 9).astype(np.float32)
    soundfile.write(tmp_path / "s.wav", samples, 44_100, subtype="FLOAT")
    decoded = decode(tmp_path / "s.wav", "audio", made.decode_options("audio"))
    vectors = made.encode([decoded, (samples, 44_100), tmp_path / "s.wav"], modality="audio")
    assert np.array_equal(vectors[0], vectors[1])
    assert np.array_equal(vectors[0], vectors[2])


def test_a_segment_and_a_member_are_found_by_their_path(tmp_path: Path) -> None:
    import tarfile

    made: Any = get_encoder("audio-descriptor")
    rate = 16_000
    samples = np.sin(np.arange(3 * rate) / np.linspace(3, 9, 3 * rate)).astype(np.float32)
    soundfile.write(tmp_path / "s.wav", samples, rate, subtype="FLOAT")
    with tarfile.open(tmp_path / "all.tar", "w") as tar:
        tar.add(tmp_path / "s.wav", "a/s.wav")
    part = (samples[rate : 2 * rate], rate)
    inputs = [f"{tmp_path}/s.wav#t=1,2", f"{tmp_path}/all.tar/a/s.wav#t=1,2", part]
    first, second, third = made.encode(inputs, modality="audio")
    assert np.array_equal(first, second)
    assert np.allclose(first, third, atol=1e-6)


def test_pictures_are_turned_as_their_exif_data_say(tmp_path: Path) -> None:
    picture = Pillow.fromarray(PIXELS)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=exif)
    made: Any = get_encoder("image-descriptor")
    file = tmp_path / "turned.png"
    by_path, by_pillow, upright = made.encode(
        [file, Pillow.open(file), np.rot90(PIXELS, -1)], modality="image"
    )
    assert np.array_equal(by_path, by_pillow)
    assert np.array_equal(by_path, upright)


def test_numbers_of_other_widths_are_scaled() -> None:
    whole = np.array([0, 16384, -32768], np.int16)
    bytes_ = np.array([128, 192, 0], np.uint8)
    options = DecodeOptions()
    found = accepted("e", [(whole, 800), (bytes_, 800)], Modality.AUDIO, Audio, options)
    for sound in found:
        assert isinstance(sound, Audio)
        assert sound.samples.tolist() == [0, 0.5, -1]


def test_a_saved_model_takes_them_too(files: dict[str, Path]) -> None:
    model = built_in_model()
    wanted = model.encode([Image(PIXELS)], modality="image")
    found = model.encode(
        [files["image"], PIXELS, Pillow.fromarray(PIXELS)], modality="image", device="cpu"
    )
    assert all(np.array_equal(row, wanted[0]) for row in found)
    with pytest.raises(InputError, match="always have length 1"):
        model.encode([PIXELS], modality="image", normalize=False)
    with pytest.raises(InputError, match="runs on the CPU only"):
        model.encode([PIXELS], modality="image", device="cuda")
    with pytest.raises(InputError, match="computes in float32"):
        model.place(dtype="float16")
    assert model.place("cpu", "float32") is model


def test_a_projection_model_takes_them_too_and_loads_its_encoders_once(
    files: dict[str, Path],
) -> None:
    frozen = get_encoder("image-descriptor")
    asked: list[str] = []

    def find(spec: str) -> Encoder:
        asked.append(spec)
        return get_encoder(spec)

    source = FrozenSource(space_of(frozen), frozen.dim, "image-descriptor")
    model = ProjectionModel("anchored", {Modality.IMAGE: (source,)}, {}, frozen.dim, find=find)
    wanted = frozen.encode([Image(PIXELS)], modality="image")
    for _ in range(2):
        found = model.encode([files["image"], PIXELS], modality="image", dtype="float32")
        assert np.allclose(found, wanted, atol=1e-6)
    assert asked == ["image-descriptor"]
    assert model.place("cpu") is model
    with pytest.raises(InputError, match="always have length 1"):
        model.encode([PIXELS], modality="image", normalize=False)
    with pytest.raises(InputError, match="runs on the CPU only"):
        model.place("cuda")


def test_others_encoders_get_decoded_media(files: dict[str, Path]) -> None:
    class Strange:
        name, revision, modalities, dim = "strange", "1", (Modality.IMAGE,), 1
        fingerprint = "0" * 64

        def encode(
            self, inputs: Any, *, modality: str, batch_size: int | None = None
        ) -> np.ndarray[Any, Any]:
            return np.array([[each.pixels.mean()] for each in inputs], np.float32)

    given = for_encoder(Strange(), [files["image"], PIXELS, Image(PIXELS)], Modality.IMAGE)
    assert [type(item) for item in given] == [Image, Image, Image]
    ours = get_encoder("image-descriptor")
    assert for_encoder(ours, [files["image"]], Modality.IMAGE) == [files["image"]]


# ------------------------------------------------------------------------------------ what is wrong

NOT_NUMBERS = np.array(["a", "b"])
WRONG: list[tuple[str, Any, str]] = [
    ("image", 7, "a picture"),
    ("image", None, "numbers"),
    ("image", PIXELS[..., :2], "a picture (height, width, 3)"),
    ("image", PIXELS / 100, "colours within 0..1"),
    ("image", PIXELS.astype(int) - 200, "colours within 0..255"),
    ("image", np.full((4, 4, 3), np.nan), "colours within 0..1"),
    ("image", np.zeros((0, 4, 3), np.uint8), "it is empty"),
    ("image", NOT_NUMBERS, "numbers"),
    ("image", np.zeros((4, 4, 3), bool), "colours as numbers"),
    ("image", [[1, 2], [3]], "numbers"),
    ("image", Audio(SAMPLES, RATE), "expected Image, got Audio"),
    ("image", "tensor without values", "numbers"),
    ("audio", SAMPLES, "(samples, rate)"),
    ("audio", {"array": SAMPLES}, "(samples, rate)"),
    ("audio", (SAMPLES, "fast"), "fast"),
    ("audio", (SAMPLES, 0), "a whole number of samples a second"),
    ("audio", (SAMPLES, 44100.5), "a whole number of samples a second"),
    ("audio", (SAMPLES, float("inf")), "infinity"),
    ("audio", (SAMPLES, None), "NoneType"),
    ("audio", (SAMPLES * np.nan, RATE), "finite samples"),
    ("audio", (SAMPLES[:0], RATE), "samples as numbers"),
    ("audio", (SAMPLES[None, None], RATE), "samples as numbers"),
    ("audio", (SAMPLES, RATE, 1), "(samples, rate)"),
    ("video", [], "one or more frames"),
    ("video", [PIXELS, PIXELS[:3]], "all of one size"),
    ("video", [PIXELS, "b.png"], "numbers"),
    ("video", PIXELS, "frames (frames, height, width, 3)"),
    ("video", np.zeros((0, 4, 4, 3), np.uint8), "it is empty"),
    ("points", XYZ[:, :2], "points (n, 3)"),
    ("points", XYZ * np.inf, "finite points"),
    ("points", {"points": XYZ}, "a key 'xyz'"),
    ("points", {"xyz": XYZ, "rgb": RGB[:3]}, "colours (60, 3), one a point"),
    ("points", XYZ[:0], "it is empty"),
    ("points", {"xyz": XYZ, "rgb": RGB.astype(int) * 2}, "colours within 0..255"),
    ("text", b"a caption", "expected str, got bytes"),
    ("text", 3, "expected str, got int"),
    ("text", None, "expected str, got NoneType"),
]
GOOD = {
    "image": PIXELS,
    "audio": (SAMPLES, RATE),
    "video": PIXELS[None],
    "points": XYZ,
    "text": "a caption",
}
BY_MODALITY = {
    "image": "image-descriptor",
    "audio": "audio-descriptor",
    "video": "video-descriptor",
    "points": "points-descriptor",
    "text": "hashed-text",
}


@pytest.mark.parametrize(
    ("kind", "item", "message"), WRONG, ids=[f"{w[0]}-{n}" for n, w in enumerate(WRONG)]
)
def test_a_wrong_form_is_refused_in_one_line(kind: str, item: Any, message: str) -> None:
    import torch

    if isinstance(item, str) and item.startswith("tensor"):
        item = torch.empty(3, 4, 4, device="meta")
    encoder = get_encoder(BY_MODALITY[kind])
    with pytest.raises(InputError) as caught:
        encoder.encode([GOOD[kind], item], modality=kind)
    text = str(caught.value)
    assert "cannot take input 1" in text
    assert message in text
    assert "\n" not in text
    assert encoder.name in text


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("a.png", "not one string"),
        (b"data", "not one file's bytes"),
        (Path("a.png"), "not one path"),
        ({"array": 1}, "takes a list of inputs; got dict"),
        (3, "takes a list of inputs; got int"),
        (None, "takes a list of inputs; got NoneType"),
        (np.array(3), "takes a list of inputs; got ndarray"),
        (Pillow.fromarray(PIXELS), "takes a list of inputs; got Image"),
        (PIXELS, r"not one picture; got \(7, 9, 3\)"),
        (PIXELS.transpose(2, 0, 1), "not one picture"),
        ((SAMPLES, RATE), "cannot take input 0"),
    ],
)
def test_one_input_in_place_of_a_list_is_refused(inputs: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        get_encoder("image-descriptor").encode(inputs, modality="image")
    assert "\n" not in str(caught.value)


def test_any_kind_of_list_will_do() -> None:
    import torch

    made = get_encoder("image-descriptor")
    wanted = made.encode([Image(PIXELS)] * 2, modality="image")
    batch = np.stack([PIXELS, PIXELS])
    for inputs in (
        batch,
        torch.from_numpy(batch),
        (PIXELS, PIXELS),
        {1: PIXELS, 2: PIXELS}.values(),
    ):
        assert np.array_equal(made.encode(inputs, modality="image"), wanted)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------- what is damaged


def half(folder: Path) -> Path:
    picture = folder / "half.png"
    Pillow.fromarray(RNG.integers(0, 256, (40, 40, 3)).astype(np.uint8)).save(picture)
    picture.write_bytes(picture.read_bytes()[:2000])
    return picture


def written(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


DAMAGED: dict[str, tuple[str, Callable[[Path], Any], Reason]] = {
    "half": ("image", half, Reason.TRUNCATED),
    "half of the bytes": ("image", lambda f: half(f).read_bytes(), Reason.TRUNCATED),
    "text": ("audio", lambda f: written(f, "text.wav", b"no sound"), Reason.UNSUPPORTED),
    "missing": ("audio", lambda f: f / "gone.wav", Reason.MISSING_FILE),
    "missing string": ("points", lambda f: "no/such/file.ply", Reason.MISSING_FILE),
    "empty": ("image", lambda f: written(f, "empty.png", b""), Reason.EMPTY_FILE),
    "folder": ("image", lambda f: f, Reason.UNREADABLE),
    "no name": ("image", lambda f: "a\0b", Reason.UNREADABLE),
    "no bytes": ("video", lambda f: b"", Reason.EMPTY_FILE),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_a_decode_error(tmp_path: Path, name: str) -> None:
    kind, make, reason = DAMAGED[name]
    item = make(tmp_path)
    encoder = get_encoder(BY_MODALITY[kind])
    with pytest.raises(DecodeError) as caught:
        encoder.encode([GOOD[kind], item], modality=kind)
    text = str(caught.value)
    assert caught.value.reason is reason
    assert "\n" not in text
    assert "input 1" in text
    assert not isinstance(item, Path) or item.name in text


def test_pillow_finds_damage_late(tmp_path: Path) -> None:
    with (
        Pillow.open(half(tmp_path)) as picture,
        pytest.raises(DecodeError, match="corrupt: input 0: image file is truncated"),
    ):
        get_encoder("image-descriptor").encode([picture], modality="image")  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["image-descriptor", "tiny-image"])
def test_files_are_decoded_one_by_one(
    files: dict[str, Path], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong form is found before any file is opened; a damaged file only at its turn."""
    from pentad.encoders import accept

    opened: list[Path] = []
    real: Callable[..., Any] = accept.decode

    def counted(place: Any, *args: Any, **more: Any) -> Any:
        opened.append(place)
        return real(place, *args, **more)

    monkeypatch.setattr(accept, "decode", counted)
    made = any_encoder(name, tmp_path)
    with pytest.raises(InputError, match="cannot take input 2"):
        made.encode([files["image"], files["image"], 7], modality="image")  # type: ignore[list-item]
    assert not opened
    given = openers("e", [files["image"]] * 3, Modality.IMAGE, Image, DecodeOptions())
    assert not opened
    given[1]()
    assert len(opened) == 1


def test_points_become_views_for_encoders_of_pictures(tmp_path: Path) -> None:
    made: Any = any_encoder("tiny-image", tmp_path)
    options = made.decode_options("points")
    views = accepted("e", [Points(XYZ, RGB)], Modality.POINTS, Views, options)[0]
    assert isinstance(views, Views)
    assert views.images.shape == (3, 4, 4, 3)
    vectors = made.encode([Points(XYZ, RGB), views], modality="points")
    assert np.array_equal(vectors[0], vectors[1])


def test_decoded_media_are_fitted_for_encoders_that_do_not_do_so() -> None:
    rate = 1600
    options = DecodeOptions(sample_rate=RATE, max_seconds=0.25, video_frames=2, points=20)
    sound, longer = accepted(
        "e",
        [Audio(SAMPLES, RATE), Audio(np.repeat(SAMPLES, 2), rate)],
        Modality.AUDIO,
        Audio,
        options,
    )
    assert isinstance(sound, Audio)
    assert isinstance(longer, Audio)
    assert (len(sound.samples), len(longer.samples), longer.rate) == (200, 200, RATE)
    video = Video(np.stack([np.full_like(PIXELS, i) for i in range(4)]), 2.0)
    two = accepted("e", [video], Modality.VIDEO, Video, options)[0]
    assert isinstance(two, Video)
    assert two.frames[:, 0, 0, 0].tolist() == [1, 3]
    cloud = accepted("e", [Points(XYZ, RGB)], Modality.POINTS, Points, options)[0]
    assert isinstance(cloud, Points)
    assert len(cloud.xyz) == 20
    again = accepted("e", [cloud], Modality.POINTS, Points, options)[0]
    assert again is cloud
    with pytest.raises(InputError, match="input 0; expected a rate"):
        accepted("e", [Audio(SAMPLES, 0)], Modality.AUDIO, Audio, options)
