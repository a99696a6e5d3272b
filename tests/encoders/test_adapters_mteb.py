from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError, MissingExtra
from pentad.core.modality import Modality
from pentad.encoders.adapters.mteb import to_mteb
from pentad.encoders.registry import get_encoder
from pentad.media.types import Audio, Image, Video
from tests.encoders.families.test_bert import CAPTIONS

RNG = np.random.default_rng(0)


def task(*modalities: str) -> Any:
    return SimpleNamespace(get_modalities=lambda prompt_type: list(modalities))


def batches(**columns: list[Any]) -> list[dict[str, list[Any]]]:
    """Return columns in batches of two, as a DataLoader gives them."""
    count = len(next(iter(columns.values())))
    return [
        {name: column[start : start + 2] for name, column in columns.items()}
        for start in range(0, count, 2)
    ]


def test_captions_beside_columns_that_do_not_count() -> None:
    encoder = get_encoder("hashed-text")
    rows = to_mteb(encoder).encode(
        batches(text=CAPTIONS, title=[""] * 5, body=CAPTIONS), task_metadata=task("text")
    )
    assert np.allclose(rows, encoder.encode(CAPTIONS, modality="text"), atol=1e-6)
    assert to_mteb(encoder).encode([], task_metadata=task("text")).shape == (0, 1024)


def test_pictures_and_frames() -> None:
    import torch
    from PIL import Image as Pillow

    encoder = get_encoder("image-descriptor")
    pixels = [RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8) for _ in range(3)]
    pictures = [Pillow.fromarray(each) for each in pixels]
    rows = to_mteb(encoder).encode(batches(image=pictures), task_metadata=task("image"))
    media = [Image(each) for each in pixels]
    assert np.allclose(rows, encoder.encode(media, modality="image"), atol=1e-6)
    frames = RNG.integers(0, 256, (8, 3, 16, 16)).astype(np.uint8)

    class Decoder:
        """Frames the way torchcodec gives them."""

        def __len__(self) -> int:
            return len(frames)

        def get_frames_at(self, indices: list[int]) -> Any:
            return SimpleNamespace(data=torch.from_numpy(frames[indices]))

    given = [torch.from_numpy(frames), Decoder()]
    rows = to_mteb(encoder).encode(batches(video=given), task_metadata=task("video"))
    expected = encoder.encode([Video(frames.transpose(0, 2, 3, 1), 0.0)], modality="video")
    assert np.allclose(rows, expected, atol=1e-6)


def test_sounds() -> None:
    import torch

    encoder = get_encoder("audio-descriptor")
    rate = encoder.decode_options("audio").sample_rate  # type: ignore[attr-defined]
    samples = RNG.normal(0, 0.1, rate).astype(np.float32)
    made = SimpleNamespace(data=torch.from_numpy(samples[None]), sample_rate=rate)
    decoder = SimpleNamespace(get_all_samples=lambda: made)
    given = [{"array": samples, "sampling_rate": rate, "path": None}, decoder]
    rows = to_mteb(encoder).encode(batches(audio=given), task_metadata=task("audio"))
    expected = encoder.encode([Audio(samples, rate)], modality="audio")
    assert np.allclose(rows, expected, atol=1e-6)


class Both:
    """Captions and pictures in one space of two numbers."""

    name, revision, dim, fingerprint = "both", "1", 2, "0" * 64
    modalities = (Modality.TEXT, Modality.IMAGE)

    def encode(self, inputs: list[Any], *, modality: str, batch_size: int | None = None) -> Any:
        row = [3.0, 0.0] if modality == "text" else [0.0, 2.0]
        return np.array([row] * len(inputs), dtype=np.float32)


def test_an_item_of_two_modalities_is_the_sum_of_unit_vectors() -> None:
    both = Both()
    pictures = [np.zeros((4, 4, 3), np.uint8)] * 3
    columns = batches(text=CAPTIONS[:3], image=pictures)
    rows = to_mteb(both).encode(columns, task_metadata=task("text", "image"))
    assert np.allclose(rows, np.sqrt(0.5))
    rows = to_mteb(both).encode(columns, task_metadata=task("image"))
    assert rows.tolist() == [[0, 1]] * 3
    mixed = [columns[0], {"text": ["a"]}, {"text": ["b"]}]
    rows = to_mteb(both).encode(mixed, task_metadata=task("text", "image"))
    assert rows[2:].tolist() == [[1, 0]] * 2


def test_a_task_without_a_column_for_the_encoder_is_refused() -> None:
    with pytest.raises(InputError, match="takes no column of this task; expected text, got image"):
        to_mteb(get_encoder("hashed-text")).encode(
            batches(image=[np.zeros((4, 4, 3), np.uint8)]), task_metadata=task("image")
        )


def test_likeness() -> None:
    import torch

    model = to_mteb(get_encoder("hashed-text"))
    left, right = RNG.normal(size=(3, 4)), torch.from_numpy(RNG.normal(size=(3, 4)))
    scores = model.similarity(left, right)
    assert scores.shape == (3, 3)
    assert torch.allclose(scores.diagonal(), model.similarity_pairwise(left, right))
    assert model.similarity(left[0], left[0]).item() == pytest.approx(1)


def test_without_mteb_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    monkeypatch.delitem(sys.modules, "mteb.models.model_meta", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'pentad\[mteb\]'"):
        _ = to_mteb(get_encoder("hashed-text")).mteb_model_meta


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "modality", "least"), [("hashed-text", "text", 20), ("image-descriptor", "image", 6)]
)
def test_every_mock_task_of_mteb_runs(
    name: str, modality: str, least: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTEB_CACHE", str(tmp_path))
    from mteb.mocks import mock_run
    from mteb.models.models_protocols import EncoderProtocol
    from mteb.results.task_result import TaskResult

    model = to_mteb(get_encoder(name))
    assert isinstance(model, EncoderProtocol)
    assert model.mteb_model_meta.modalities[0] == modality
    report = mock_run.mock_run(model)
    assert report.all_passed, report.modality_summary()
    assert sum(isinstance(result, TaskResult) for _, result in report.items()) >= least
