from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import MODALITIES, Modality
from pentad.encoders.check import check_encoder
from pentad.encoders.check_media import captioned_pictures, captioned_sounds, sample_file
from pentad.encoders.check_report import Check, CheckReport
from pentad.encoders.families.load import load_folder
from pentad.encoders.registry import get_encoder
from pentad.media.decode import decode
from pentad.media.types import DecodeOptions
from tests.encoders.families.tiny import clip_folder
from tests.encoders.samples import encoder as known_encoder

pytestmark = pytest.mark.slow

EVERY_MODALITY = (
    "shape",
    "finite",
    "lengths",
    "deterministic",
    "order and batch size",
    "row independence",
    "distinct",
    "empty list",
    "path",
    "speed",
)


def by_name(report: CheckReport, modality: str = "text") -> dict[str, Check]:
    return {c.name: c for c in report.checks if c.modality in (modality, "")}


class Letters:
    """A sound little encoder of captions; what is wrong with it is put in by the tests."""

    name, revision, dim, fingerprint = "letters", "1", 26, "0" * 64
    modalities: tuple[Modality, ...] = (Modality.TEXT,)

    def __init__(self, **wrong: Any) -> None:
        self.wrong = wrong
        self.calls = 0

    def encode(self, inputs: Any, *, modality: str, batch_size: int | None = None) -> Any:
        self.calls += 1
        if modality not in self.modalities and "takes_all" not in self.wrong:
            raise InputError(f"does not encode {modality!r}")
        rows = [[float(text.count(chr(97 + i))) for i in range(26)] for text in inputs]
        made = np.array(rows, dtype=np.float32).reshape(len(inputs), 26)
        change = self.wrong.get("change")
        return made if change is None else change(self, made)


def failed(**wrong: Any) -> set[str]:
    return {check.name for check in check_encoder(Letters(**wrong)).failed}


def test_a_sound_encoder_passes_everything() -> None:
    report = check_encoder(get_encoder("hashed-text"))
    assert report.passed
    assert report.failed == ()
    assert tuple(by_name(report)) == (*EVERY_MODALITY, "wrong modality")
    assert report.space.startswith("hashed-text-")
    assert json.loads(json.dumps(report.to_json()))["passed"] is True
    assert failed() == set()


@pytest.mark.parametrize("name", ["audio-descriptor", "points-descriptor", "tiny-image"])
def test_other_modalities_and_files(name: str, tmp_path: Path) -> None:
    made = known_encoder(name, tmp_path)
    report = check_encoder(made)
    assert report.passed, report.failed
    for modality in made.modalities:
        checks = by_name(report, modality.value)
        assert checks["path"].passed is True
        assert checks["path"].value == 0
        assert (checks["speed"].value or 0) > 0


def counted(encoder: Letters, rows: Any) -> Any:
    return rows + np.float32(encoder.calls)


def placed(encoder: Letters, rows: Any) -> Any:
    return rows + np.arange(len(rows), dtype=np.float32)[:, None]


def without_empty(encoder: Letters, rows: Any) -> Any:
    return rows[0][None] if rows.size == 0 else rows


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda encoder, rows: rows[:, :5], {"shape", "empty list"}),
        (lambda encoder, rows: rows.astype(np.float64), {"shape", "empty list"}),
        (lambda encoder, rows: rows * 0 + 1, {"distinct"}),
        (counted, {"deterministic", "order and batch size"}),
        (placed, {"order and batch size"}),
        (without_empty, {"empty list"}),
    ],
)
def test_what_is_wrong_is_found(change: Any, expected: set[str]) -> None:
    assert failed(change=change) == expected


def test_numbers_that_are_not_finite_are_found() -> None:
    assert "finite" in failed(change=lambda encoder, rows: rows * np.float32(np.nan))


def test_an_encoder_that_takes_every_modality_is_told() -> None:
    assert failed(takes_all=True) == {"wrong modality"}


def test_a_broken_promise_of_row_independence_fails() -> None:
    class Promising(Letters):
        row_independent = True

    wrong = Promising(change=lambda e, rows: rows * np.float32(1 + 1e-6 * len(rows)))
    assert {c.name for c in check_encoder(wrong).failed} == {"row independence"}
    told = by_name(check_encoder(Letters(change=wrong.wrong["change"])))["row independence"]
    assert (told.passed, told.value) == (None, 0.0)


def test_whatever_an_encoder_raises_is_a_failed_check() -> None:
    def breaks(encoder: Letters, rows: Any) -> Any:
        raise ZeroDivisionError("by\nzero")

    [check, other] = check_encoder(Letters(change=breaks)).checks
    assert (check.name, check.passed, check.detail) == (
        "encodes",
        False,
        "ZeroDivisionError: by zero",
    )
    assert other.name == "wrong modality"


class Seeing(Letters):
    """Knows four colours and three shapes, in words and on pictures."""

    dim = 7
    modalities = (Modality.TEXT, Modality.IMAGE)
    card = type("Card", (), {"semantic": True})
    words = ("red", "green", "blue", "yellow", "square", "circle", "triangle")

    def encode(self, inputs: Any, *, modality: str, batch_size: int | None = None) -> Any:
        if modality not in self.modalities:
            raise InputError("no")
        one = self._read if modality == "text" else self._seen
        rows = [one(item) for item in inputs]
        return np.array(rows, dtype=np.float32).reshape(len(inputs), 7)

    def _read(self, text: str) -> list[float]:
        return [float(word in text) + 1e-3 * len(text) for word in self.words]

    def _seen(self, picture: Any) -> list[float]:
        pixels = picture.pixels.reshape(-1, 3).astype(float)
        inside = pixels[pixels.min(axis=1) < 200]
        share = len(inside) / len(pixels)
        mean = inside.mean(axis=0)
        colours = np.array([[220, 30, 30], [30, 160, 50], [40, 70, 220], [245, 215, 30]])
        near = np.exp(-np.abs(colours - mean).sum(axis=1) / 50)
        shapes = np.exp(-np.abs(np.array([0.36, 0.283, 0.18]) - share) * 60)
        return [*near.tolist(), *shapes.tolist()]


def test_pictures_and_captions_are_compared_where_they_mean_something() -> None:
    checks = by_name(check_encoder(Seeing()))
    assert checks["pictures and captions"].passed is True
    assert checks["pictures and captions"].detail.startswith("12 of 12 pictures")


@pytest.mark.slow
def test_a_model_of_random_numbers_passes_all_but_its_meaning(tmp_path: Path) -> None:
    random = load_folder(clip_folder(tmp_path / "clip"))
    checks = by_name(check_encoder(random))
    assert checks["pictures and captions"].passed in (True, False)
    assert all(c.passed is not False for name, c in checks.items() if name in EVERY_MODALITY)


def test_made_up_media_differ_and_have_captions() -> None:
    pictures = captioned_pictures()
    assert len({caption for caption, _ in pictures}) == 12
    assert len({picture.pixels.tobytes() for _, picture in pictures}) == 12
    sounds = captioned_sounds()
    assert len({sound.samples.tobytes() for _, sound in sounds}) == len(sounds) == 5
    assert all(np.abs(sound.samples).max() <= 1 for _, sound in sounds)


@pytest.mark.parametrize("modality", MODALITIES)
def test_sample_files_are_read_again(modality: Modality, tmp_path: Path) -> None:
    file = sample_file(tmp_path, modality)
    if modality is Modality.TEXT:
        assert file is None
    else:
        assert file is not None
        decode(file, modality, DecodeOptions())


def test_known_numbers_of_an_onnx_model(tmp_path: Path) -> None:
    from pentad.encoders.onnx.encoder import OnnxEncoder

    made = known_encoder("tiny-text", tmp_path)
    assert isinstance(made, OnnxEncoder)
    [row] = made.encode(["a cat"], modality="text", normalize=True)
    golden = {
        "tolerance": {"cosine": 0.999},
        "items": [{"input": "a cat", "first8_normalized": row[:8].astype(float).tolist()}],
    }
    file = Path(made.folder) / "golden.json"
    file.write_text(json.dumps(golden))
    assert by_name(check_encoder(made))["golden.json"].passed is True
    golden["items"][0]["first8_normalized"] = (-row[:8]).astype(float).tolist()  # type: ignore[index]
    file.write_text(json.dumps(golden))
    assert by_name(check_encoder(made))["golden.json"].passed is False
    file.write_text("{")
    check = by_name(check_encoder(made))["golden.json"]
    assert (check.passed, "is not JSON" in check.detail) == (False, True)


def test_known_numbers_of_files_that_are_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    made = known_encoder("tiny-image", tmp_path / "model")
    golden = {"tolerance": {"cosine": 0.9}, "items": [{"input": "x.png", "first8_normalized": [1]}]}
    (Path(made.folder) / "golden.json").write_text(json.dumps(golden))  # type: ignore[attr-defined]
    check = by_name(check_encoder(made), "image")["golden.json"]
    assert (check.passed, check.detail[:23]) == (None, "its inputs are not here")
    assert by_name(check_encoder(made, root=tmp_path), "image")["golden.json"].passed is False
