"""The ONNX encoder around its three kinds of preprocessing, with numbers worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.onnx.encoder import OnnxClassifier, load_onnx
from pentad.encoders.onnx.session import Session
from pentad.encoders.protocol import Classifier
from pentad.media.types import Audio, Image, Video, Views
from tests.encoders import tiny_onnx
from tests.encoders.onnx.test_card import rewrite
from tests.encoders.tiny_onnx import audio_folder, image_folder, node, tensor, text_folder, value

RED = np.tile(np.array([255, 0, 0], dtype=np.uint8), (4, 4, 1))
BLUE = np.tile(np.array([0, 0, 255], dtype=np.uint8), (4, 4, 1))
HIGH, LOW = 1.0, -127 / 128


def test_only_cards_with_classes_classify(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "i").mkdir()
    assert not isinstance(load_onnx(text_folder(tmp_path / "t")), Classifier)
    encoder = load_onnx(image_folder(tmp_path / "i"))
    assert isinstance(encoder, Classifier)
    assert encoder.classes == ("warm", "cold")


def test_a_text_vector_is_the_mean_of_its_tokens(tmp_path: Path) -> None:
    encoder = load_onnx(text_folder(tmp_path))
    vector = encoder.encode(["Red ball"], modality="text")[0]  # (1, 0, 0) and (0, 2, 0)
    assert vector == pytest.approx([0.5 / math.sqrt(1.25), 1 / math.sqrt(1.25), 0])


@pytest.mark.parametrize(
    ("pooling", "expected"), [("max", [1, 2, 0]), ("cls", [1, 0, 0]), ("last", [0, 2, 0])]
)
def test_other_poolings_over_tokens(tmp_path: Path, pooling: str, expected: list[float]) -> None:
    encoder = load_onnx(text_folder(tmp_path, pooling=pooling, normalize="none"))
    assert encoder.encode(["red ball"], modality="text")[0].tolist() == expected


def test_pooling_inside_the_graph_is_left_alone(tmp_path: Path) -> None:
    encoder = load_onnx(
        text_folder(tmp_path, pooled=True, pooling="mean, inside the graph", normalize="none")
    )
    assert encoder.encode(["red ball"], modality="text")[0].tolist() == [0.5, 1, 0]


def test_captions_are_truncated_and_an_empty_one_is_padding(tmp_path: Path) -> None:
    encoder = load_onnx(text_folder(tmp_path, max_tokens=2, normalize="none", pad_id=1))
    vectors = encoder.encode(["red ball blue blue", ""], modality="text")
    assert vectors.tolist() == [[0.5, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("batch", ["n", 1])
def test_graphs_of_fixed_length_are_padded_behind_the_mask(
    tmp_path: Path, batch: int | str
) -> None:
    encoder = load_onnx(text_folder(tmp_path, shape=(batch, 3), dtype=np.int32, normalize="none"))
    captions = ["red ball", "red ball blue red", "blue"]
    expected = [[0.5, 1, 0], [0, 2 / 3, 1 / 3], [-1, 0, 1]]
    assert np.allclose(encoder.encode(captions, modality="text"), expected)


def test_an_image_vector_is_its_mean_colour_as_the_card_scales_it(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))
    norm = math.sqrt(HIGH**2 + 2 * LOW**2)
    vector = encoder.encode([Image(RED)], modality="image")[0]
    assert vector == pytest.approx([HIGH / norm, LOW / norm, LOW / norm], abs=1e-6)


def test_a_video_is_the_mean_of_its_frames_before_normalisation(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))  # takes 2 frames: of 4, numbers 1 and 3
    video = Video(np.stack([BLUE, RED, RED, BLUE]), 4.0)
    both = np.array([(HIGH + LOW) / 2, LOW, (HIGH + LOW) / 2])
    vector = encoder.encode([video], modality="video")[0]
    assert vector == pytest.approx(both / np.linalg.norm(both), abs=1e-6)
    assert encoder.decode_options("video").video_frames == 2


def test_points_are_the_mean_of_all_their_views(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))
    views = Views(np.stack([RED, RED, BLUE]))
    mean = np.array([(2 * HIGH + LOW) / 3, LOW, (HIGH + 2 * LOW) / 3])
    vector = encoder.encode([views], modality="points")[0]
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    options = encoder.decode_options("points")
    assert (options.views, options.view_size) == (3, 4)


def test_a_still_video_is_its_picture_to_the_bit(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))
    still = encoder.encode([Video(np.stack([RED] * 3), 1.0)], modality="video")
    assert np.array_equal(still, encoder.encode([Image(RED)], modality="image"))


def softmax(first: float, second: float) -> list[float]:
    powers = [math.exp(first), math.exp(second)]
    return [p / sum(powers) for p in powers]


def test_class_scores_are_activated_for_each_frame_then_averaged(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))
    assert isinstance(encoder, OnnxClassifier)
    red = softmax(HIGH + 2 * LOW, LOW - LOW)  # weights (1, 0), (0, 1), (2, -1)
    blue = softmax(LOW + 2 * HIGH, LOW - HIGH)
    video = Video(np.stack([RED, BLUE]), 2.0)
    both = encoder.encode_and_classify([video], modality="video")
    assert both.scores[0] == pytest.approx(np.mean([red, blue], axis=0), abs=1e-6)
    assert np.array_equal(both.vectors, encoder.encode([video], modality="video"))


def test_sigmoid_scores_do_not_overflow(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path))
    assert isinstance(encoder, OnnxClassifier)
    silence = Audio(np.zeros(100, np.float32), 800)  # every band is ln 0.01, scores -9.2 and 1842
    scores = encoder.encode_and_classify([silence], modality="audio").scores[0]
    assert scores == pytest.approx([1 / (1 + 0.01**-2), 1.0], rel=1e-5)
    loud = Audio(np.full(100, 100, np.float32) * np.sin(np.arange(100, dtype=np.float32)), 800)
    assert np.isfinite(encoder.encode_and_classify([loud], modality="audio").scores).all()


def test_class_scores_can_be_the_maximum_over_patches(tmp_path: Path) -> None:
    audio_folder(tmp_path)
    mean = load_onnx(tmp_path)
    rewrite(tmp_path, "audio", {"class_pooling": "max"}, {})
    most = load_onnx(tmp_path)
    rise = Audio(
        np.sin(np.arange(200, dtype=np.float32)) * np.linspace(0, 1, 200, dtype=np.float32), 800
    )
    scores = [e.encode_and_classify([rise], modality="audio").scores[0, 0] for e in (mean, most)]  # type: ignore[attr-defined]
    assert scores[1] > scores[0]


def test_no_input_gives_no_scores(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))
    assert isinstance(encoder, OnnxClassifier)
    empty = encoder.encode_and_classify([], modality="image")
    assert (empty.vectors.shape, empty.scores.shape) == ((0, 3), (0, 2))


def test_threads_change_no_bit(tmp_path: Path) -> None:
    image_folder(tmp_path)
    rng = np.random.default_rng(0)
    pictures = [Image(rng.integers(0, 255, (9, 7, 3)).astype(np.uint8)) for _ in range(20)]
    one, four = (load_onnx(tmp_path, threads=n).encode(pictures, modality="image") for n in (1, 4))
    assert np.array_equal(one, four)
    with pytest.raises(InputError, match="threads"):
        load_onnx(tmp_path, threads=0)


def test_vectors_that_are_not_finite_are_left_to_the_caller(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path))
    broken = Audio(np.full(100, np.nan, np.float32), 800)
    vectors = encoder.encode([broken, Audio(np.ones(100, np.float32), 800)], modality="audio")
    assert not np.isfinite(vectors[0]).any()
    assert np.isfinite(vectors[1]).all()


def fingerprint(folder: Path) -> str:
    return load_onnx(folder).fingerprint


def test_the_fingerprint_covers_what_changes_a_vector_and_nothing_else(tmp_path: Path) -> None:
    image_folder(tmp_path)
    first = fingerprint(tmp_path)
    for remark in (
        {"licence": "MIT"},
        {"notes": "x"},
        {"source": "y"},
        {"semantic": False},
        {"name": "other"},
    ):
        rewrite(tmp_path, "image", remark, {})
        assert fingerprint(tmp_path) == first
    changed = [
        ({"revision": "2"}, {}),
        ({"normalize": "none"}, {}),
        ({}, {"pad_value": 0}),
        ({}, {"mean": [1, 2, 3]}),
    ]
    for values, preprocess in changed:
        rewrite(tmp_path, "image", values, preprocess)
        assert fingerprint(tmp_path) != first


def test_the_fingerprint_covers_every_file(tmp_path: Path) -> None:
    image_folder(tmp_path)
    first = fingerprint(tmp_path)
    (tmp_path / "classes.txt").write_text("hot\ncold\n")
    assert fingerprint(tmp_path) != first
    image_folder(tmp_path)
    model = tmp_path / "model.onnx"
    model.write_bytes(model.read_bytes() + tiny_onnx.message((2, "a producer")))
    assert fingerprint(tmp_path) != first


def test_defaults_written_out_leave_the_fingerprint_alone(tmp_path: Path) -> None:
    image_folder(tmp_path)
    first = fingerprint(tmp_path)
    rewrite(tmp_path, "image", {"revision": "1"}, {"interpolation": "bicubic", "scale": 1})
    assert fingerprint(tmp_path) == first


@pytest.mark.parametrize(
    "content", [b"", b"not a model at all", bytes(100), b"\x0a\xff\xff\xff\xff\x0f"]
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    image_folder(tmp_path)
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.onnx: is not an ONNX file$"):
        load_onnx(tmp_path)


def test_a_model_that_cannot_be_opened_gives_one_line(tmp_path: Path) -> None:
    image_folder(tmp_path)
    nodes = [node("NoSuchOperator", ["x"], "feat")]
    data = tiny_onnx.model(nodes, [], [value("x", ("n", 3, 4, 4))], [value("feat", ("n", 3))])
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(InputError, match=r"cannot be opened: .*NoSuchOperator") as caught:
        load_onnx(tmp_path)
    assert "\n" not in str(caught.value)
    assert "ONNXRuntimeError" not in str(caught.value)


def test_a_model_that_does_not_take_the_cards_size_is_refused_at_loading(tmp_path: Path) -> None:
    image_folder(tmp_path)
    nodes = [node("MatMul", ["x", "w"], "feat"), node("Identity", ["feat"], "logits")]
    data = tiny_onnx.model(
        nodes,
        [tensor("w", np.ones((7, 3), np.float32))],
        [value("x", ("n", 3, "h", "w"))],
        [value("feat", ("n", 3, "h", 3)), value("logits", ("n", 3, "h", 3))],
    )
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(InputError, match=r"model\.onnx: cannot be run: ") as caught:
        load_onnx(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_damaged_tokenizer_is_refused(tmp_path: Path) -> None:
    text_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=r"tokenizer\.json: is not a tokenizer\.json: "):
        load_onnx(tmp_path)


def test_captions_run_alone_where_company_would_change_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, sizes = Session.run, []

    def touchy(self: Session, names: list[str], feed: Any) -> list[Any]:
        sizes.append(len(feed["input_ids"]))
        return [output + np.float32(1e-6) * (sizes[-1] - 1) for output in run(self, names, feed)]

    monkeypatch.setattr(Session, "run", touchy)
    encoder = load_onnx(text_folder(tmp_path))
    assert max(sizes) > 1
    sizes.clear()
    encoder.encode(["red ball", "ball red", "blue blue"], modality="text")
    assert sizes == [1, 1, 1]


def test_captions_of_one_length_share_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_onnx(text_folder(tmp_path), threads=1)
    run, sizes = Session.run, []

    def counted(self: Session, names: list[str], feed: Any) -> list[Any]:
        sizes.append(len(feed["input_ids"]))
        return run(self, names, feed)

    monkeypatch.setattr(Session, "run", counted)
    encoder.encode(["red", "red ball", "ball", "blue", "blue ball"], modality="text")
    assert sizes == [3, 2]
    sizes.clear()
    encoder.encode(["red", "red ball", "ball", "blue", "blue ball"], modality="text", batch_size=2)
    assert sizes == [2, 1, 2]


def test_empty_pictures_are_refused(tmp_path: Path) -> None:
    encoder = load_onnx(image_folder(tmp_path))
    with pytest.raises(InputError, match="input 1: it is empty"):
        encoder.encode([Image(RED), Image(RED[:0])], modality="image")


@pytest.mark.parametrize(("make", "kind"), [(image_folder, "image"), (audio_folder, "audio")])
def test_models_of_two_inputs_are_for_text_only(tmp_path: Path, make: Any, kind: str) -> None:
    make(tmp_path)
    shape = ("n", 3, "h", "w") if kind == "image" else ("n", 1, 6, 4)
    names = ("feat", "logits") if kind == "image" else ("embedding", "scores")
    data = tiny_onnx.model(
        [node("Add", ["a", "b"], names[0]), node("Identity", [names[0]], names[1])],
        [],
        [value("a", shape), value("b", shape)],
        [value(name, shape) for name in names],
    )
    (tmp_path / "model.onnx").write_bytes(data)
    rewrite(tmp_path, kind, {"inputs": ["a", "b"]}, {})
    with pytest.raises(InputError, match="takes one input"):
        load_onnx(tmp_path)


def test_text_models_take_only_known_inputs(tmp_path: Path) -> None:
    text_folder(tmp_path)
    data = tiny_onnx.model(
        [node("Gather", ["table", "words"], "states")],
        [tensor("table", tiny_onnx.TABLE)],
        [value("words", ("n", "t"), np.int64)],
        [value("states", ("n", "t", 3))],
    )
    (tmp_path / "model.onnx").write_bytes(data)
    rewrite(tmp_path, "text", {"inputs": ["words"]}, {})
    with pytest.raises(InputError, match=r"a text model takes these inputs; expected .*input_ids"):
        load_onnx(tmp_path)


def test_a_pooling_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    image_folder(tmp_path, pooled=False)
    rewrite(tmp_path, "image", {"pooling": "cls"}, {})
    with pytest.raises(InputError, match="does not fit the model's output"):
        load_onnx(tmp_path)
    rewrite(tmp_path, "image", {"pooling": "none"}, {})
    with pytest.raises(InputError, match=r"got 'none' for \(1, 3, 4, 4\)"):
        load_onnx(tmp_path)


def test_a_sound_model_must_give_one_row_per_patch(tmp_path: Path) -> None:
    audio_folder(tmp_path)
    data = tiny_onnx.model(
        [node("Relu", ["audio"], "embedding"), node("Relu", ["embedding"], "scores")],
        [],
        [value("audio", ("n", 1, 6, 4))],
        [value("embedding", ("n", 1, 6, 4)), value("scores", ("n", 1, 6, 4))],
    )
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(InputError, match=r"is not \(patches, dim\)"):
        load_onnx(tmp_path)


def test_frames_of_a_maximum_are_what_it_is_the_maximum_of(tmp_path: Path) -> None:
    encoder = load_onnx(audio_folder(tmp_path, pooling="max"))
    sound = Audio(np.sin(np.arange(300, dtype=np.float32) ** 1.2), 800)
    rows = encoder.encode_frames([sound], modality="audio")[0]
    assert len(rows) > 3
    vector = encoder.encode([sound], modality="audio", normalize=False)[0]
    assert np.array_equal(rows.max(axis=0), vector)


def test_a_card_without_normalisation_can_be_overruled(tmp_path: Path) -> None:
    encoder = load_onnx(text_folder(tmp_path, normalize="none"))
    assert encoder.encode(["red ball"], modality="text").tolist() == [[0.5, 1, 0]]
    unit = encoder.encode(["red ball"], modality="text", normalize=True)
    assert np.linalg.norm(unit) == pytest.approx(1)
    (tmp_path / "i").mkdir()
    classifier = load_onnx(image_folder(tmp_path / "i"))
    assert isinstance(classifier, OnnxClassifier)
    both = classifier.encode_and_classify([Image(RED)], modality="image", normalize=False)
    assert both.vectors[0] == pytest.approx([HIGH, LOW, LOW])


def test_later_keys_leave_the_fingerprint_alone_until_they_are_used(tmp_path: Path) -> None:
    audio_folder(tmp_path)
    first = fingerprint(tmp_path)
    defaults = {"input": "log_mel", "level": "as_is", "peak_headroom": 0, "log_floor": 0.0}
    defaults |= {"patch_start": "start", "patch_end": "drop", "channel_axis": "first"}
    rewrite(tmp_path, "audio", {}, defaults)
    assert fingerprint(tmp_path) == first
    changes: list[dict[str, Any]] = [
        {"level": "peak"},
        {"log_floor": 0.5},
        {"patch_end": "fill"},
        {"patch_range": 80.0},
        {"channel_axis": "last"},
    ]
    for change in changes[:-1]:
        rewrite(tmp_path, "audio", {}, change)
        assert fingerprint(tmp_path) != first
    rewrite(tmp_path, "audio", {}, changes[-1])
    with pytest.raises(InputError, match="cannot be run"):  # the graph has its channels first
        load_onnx(tmp_path)


# ------------------------------------------------------------------------------------------ devices


class Elsewhere:
    """Stands in for the session class of an onnxruntime with CUDA."""

    falls_back = False

    def __init__(self, inner: Any, asked: list[tuple[str, dict[str, Any]]]) -> None:
        self._inner, self.asked = inner, asked

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"] if self.falls_back else [name for name, _ in self.asked]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.fixture
def with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let onnxruntime say that it has CUDA."""
    import onnxruntime

    real = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime,
        "get_available_providers",
        lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    )

    def opened(path: str, options: Any, providers: list[tuple[str, dict[str, Any]]]) -> Any:
        if providers[0][0] == "CPUExecutionProvider":
            return real(path, options, providers=providers)
        return Elsewhere(real(path, options, providers=[providers[1]]), providers)

    monkeypatch.setattr(onnxruntime, "InferenceSession", opened)


def test_a_device_is_handed_to_onnxruntime(tmp_path: Path, with_cuda: None) -> None:
    encoder: Any = load_onnx(image_folder(tmp_path))
    assert encoder.row_independent
    here = encoder.encode([Image(RED)], modality="image")
    there = encoder.encode([Image(RED)], modality="image", device="cuda:1", dtype="torch.float32")
    assert encoder._session._session.asked[0] == ("CUDAExecutionProvider", {"device_id": 1})
    assert not encoder.row_independent
    assert np.allclose(here, there)
    session = encoder._session
    encoder.encode([Image(RED)], modality="image")
    encoder.place("cuda:1")
    assert encoder._session is session  # it stays where it is
    assert encoder.place("cpu") is encoder
    assert encoder.row_independent
    encoder.place("auto")
    assert encoder._session._session.asked[0] == ("CUDAExecutionProvider", {"device_id": 0})


def test_a_device_that_does_not_work_after_all_is_refused(
    tmp_path: Path, with_cuda: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Elsewhere, "falls_back", True)
    encoder = load_onnx(image_folder(tmp_path))
    with pytest.raises(InputError, match="are CUDA and cuDNN installed"):
        encoder.place("cuda")
    assert encoder.row_independent
    assert encoder.encode([Image(RED)], modality="image").shape == (1, 3)


def test_a_device_that_onnxruntime_lacks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    encoder = load_onnx(image_folder(tmp_path))
    with pytest.raises(InputError, match=r"'cuda' cannot be used.*install onnxruntime-gpu"):
        encoder.encode([Image(RED)], modality="image", device="cuda")
    for wrong in ("cuda:", "cuda:one", "mps", ""):
        with pytest.raises(InputError, match="wrong device for an ONNX model"):
            encoder.place(wrong)
    with pytest.raises(InputError, match="computes in float32"):
        encoder.place(dtype="float16")
    assert encoder.place("auto").row_independent
