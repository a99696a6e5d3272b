from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.evaluation.eshot import evaluate_eshot
from pentad.evaluation.matrices import read_matrix
from pentad.sources.emm1.eshot import EShot, load_eshot
from tests.eshot_trees import CLASSES, file_id, make_eshot, write_file
from tests.media.makers import make


def by_name(paths: Sequence[Path]) -> NDArray[np.float64]:
    """Return vectors that depend on the file names alone."""
    return np.stack(
        [np.random.default_rng(zlib.crc32(p.name.encode())).normal(size=8) for p in paths]
    )


def matrices(eshot: EShot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return by_name(eshot.paths("audio")), by_name(eshot.paths("points"))


class Tones:
    """A sound is its loudness and length; a cloud its middle and size. The two say nothing."""

    revision = "1"
    modalities = (Modality.AUDIO, Modality.POINTS)
    dim = 3

    def __init__(self, name: str = "tones") -> None:
        self.name = name
        self.fingerprint = fingerprint_value(name)

    def encode(self, inputs: Sequence, *, modality: str, batch_size: int | None = None):
        rows = [
            (np.abs(x.samples).mean(), len(x.samples), 1e4)
            if modality == "audio"
            else (*x.xyz.mean(axis=0)[:2] + 1, 1)
            for x in inputs
        ]
        return np.array(rows, np.float32).reshape(-1, 3)


@pytest.fixture
def eshot(tmp_path: Path) -> EShot:
    return load_eshot(make_eshot(tmp_path / "eshot"))


@pytest.fixture
def with_media(tmp_path: Path) -> EShot:
    """Every medium is there but one cloud; one sound cannot be decoded."""
    media = tmp_path / "media"
    folder = make_eshot(tmp_path / "tables", media=media)
    sound = make(tmp_path, "audio", "a.wav").read_bytes()
    for path in (media / "eshot" / "audio").iterdir():
        path.write_bytes(sound)
    (media / "eshot" / "audio" / "clip-3.mp4").write_bytes(b"nothing to hear")
    (media / "eshot" / "points" / f"{file_id(5)}.npy").unlink()
    return load_eshot(folder, media_root=media)


def test_the_form_of_the_report(eshot: EShot) -> None:
    found = evaluate_eshot(eshot, matrices(eshot)).to_json()
    assert list(found) == ["audio_to_points", "points_to_audio", "settings", "missing", "version"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for place, direction in enumerate(("audio_to_points", "points_to_audio")):
        part = found[direction]
        assert list(part) == ["top1", "top5", "per_class"]
        for k in ("top1", "top5"):
            top = part[k]
            assert {"micro", "macro", "micro_interval", "macro_interval"} <= top.keys()
            assert top["micro_interval"][0] <= top["micro"] <= top["micro_interval"][1]
            cells = [part["per_class"][name][k] for name in CLASSES]
            assert all(cell["value"] == cell["correct"] / cell["n"] for cell in cells)
            assert [cell["n"] for cell in cells] == [sizes[place] for sizes in CLASSES.values()]
            assert top["correct"] == sum(cell["correct"] for cell in cells)
            assert top["micro"] == pytest.approx(top["correct"] / top["n"])
            assert top["macro"] == pytest.approx(np.mean([cell["value"] for cell in cells]))
        assert {tuple(cell) for cells in part["per_class"].values() for cell in cells.values()} == {
            ("value", "correct", "n")
        }
    assert found["audio_to_points"]["top5"]["micro"] == 1.0
    assert found["missing"]["audio"] == {"count": 0, "of": 14, "in_no_class": 0, "files": []}
    assert found["settings"]["model"] == {"audio": "embeddings", "points": "embeddings"}


def test_the_two_directions_use_the_other_modality(eshot: EShot) -> None:
    audio, points = matrices(eshot)
    one_hot = {name: place for place, name in enumerate(CLASSES)}
    for name, place in one_hot.items():
        audio[eshot.audio_rows[name]] = np.eye(8)[place]
        points[eshot.points_rows[name]] = np.eye(8)[(place + 1) % 5]
    swapped = evaluate_eshot(eshot, (audio, points)).to_json()
    assert swapped["audio_to_points"]["top1"]["micro"] == 0.0
    points = np.roll(points, -1, axis=1)
    points[:, 4] += points[:, 7]
    perfect = evaluate_eshot(eshot, (audio, points)).to_json()
    for direction in ("audio_to_points", "points_to_audio"):
        assert perfect[direction]["top1"]["macro"] == 1.0
        assert perfect[direction]["top1"]["macro_interval"] == [1.0, 1.0]


def test_a_function_is_a_model(eshot: EShot, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[list[Path]] = []

    def model(paths: list[Path]) -> NDArray[np.float64]:
        asked.append(paths)
        return by_name(paths)

    found = evaluate_eshot(eshot, model).to_json()
    given = evaluate_eshot(eshot, matrices(eshot)).to_json()
    assert asked == [eshot.paths("audio"), eshot.paths("points")]
    assert found["audio_to_points"] == given["audio_to_points"]
    assert found["points_to_audio"] == given["points_to_audio"]
    assert "none of the 14 sounds" in caplog.text


def test_a_function_may_ask_for_the_modality(eshot: EShot) -> None:
    asked: list[str] = []

    def second(paths: list[Path], kind: str) -> NDArray[np.float64]:
        asked.append(kind)
        return by_name(paths)

    def named(paths: list[Path], *, modality: str = "") -> NDArray[np.float64]:
        asked.append(modality)
        return by_name(paths)

    def optional(paths: list[Path], batch: int = 3) -> list[list[float]]:
        asked.append(str(batch))
        return by_name(paths).tolist()

    for model in (second, named, optional):
        evaluate_eshot(eshot, model)
    assert asked == ["audio", "points", "audio", "points", "3", "3"]


def test_one_model_for_each_modality(eshot: EShot) -> None:
    points = by_name(eshot.paths("points"))
    found = evaluate_eshot(eshot, (by_name, points)).to_json()
    assert found["points_to_audio"] == evaluate_eshot(eshot, by_name).to_json()["points_to_audio"]
    assert found["settings"]["model"]["points"] == "embeddings"
    assert found["settings"]["model"]["audio"].endswith(":by_name")


def test_tensors_are_taken(eshot: EShot) -> None:
    import torch

    def model(paths: list[Path]):
        return torch.tensor(by_name(paths), requires_grad=True)

    found = evaluate_eshot(eshot, model).to_json()
    assert found["audio_to_points"] == evaluate_eshot(eshot, by_name).to_json()["audio_to_points"]


def test_a_function_gets_only_files_that_are_there(with_media: EShot) -> None:
    asked: list[list[Path]] = []

    def model(paths: list[Path]) -> NDArray[np.float64]:
        asked.append(paths)
        return by_name(paths)

    found = evaluate_eshot(with_media, model).to_json()
    assert [len(paths) for paths in asked] == [14, 14]
    assert all(path.is_file() for paths in asked for path in paths)
    assert found["missing"]["points"]["count"] == 1
    assert found["points_to_audio"]["top1"]["n"] == 14


def test_an_encoder_gets_decoded_files(with_media: EShot, caplog: pytest.LogCaptureFixture) -> None:
    found = evaluate_eshot(with_media, Tones(), workers=1).to_json()
    missing = found["missing"]
    assert (missing["audio"]["count"], missing["points"]["count"]) == (1, 1)
    (sound,), (cloud,) = missing["audio"]["files"], missing["points"]["files"]
    assert sound["file"] == "clip-3.mp4"
    assert with_media.audio["file_name"][sound["row"]] == "clip-3.mp4"
    assert sound["reason"].startswith(("unsupported-format", "corrupt"))
    assert cloud == {"row": cloud["row"], "file": f"{file_id(5)}.npy", "reason": cloud["reason"]}
    assert cloud["reason"].startswith("missing-file")
    assert found["audio_to_points"]["top1"]["n"] == 13
    assert found["settings"]["model"]["audio"].startswith("tones-")
    for line in ("1 of 14 audio items have no vector", "clip-3.mp4: ", "; 1 have no file"):
        assert line in caplog.text


class Stacked(Tones):
    """Two encoders side by side, of which the second is taken."""

    def frozen(self, modality: str) -> list[Tones]:
        return [Tones("one"), Tones("two")]

    def project(self, modality: str, features: NDArray):
        assert features.shape[1] == 6
        assert np.allclose(np.linalg.norm(features[:, :3], axis=1), 1)
        return features[:, 3:]

    def encode(self, *_, **__):
        raise AssertionError


class StackedWithScores(Stacked):
    def project(self, modality: str, features: NDArray, scores: NDArray | None = None):
        assert scores is None
        return super().project(modality, features)


@pytest.mark.parametrize("model", [Stacked(), StackedWithScores()])
def test_several_frozen_encoders_are_projected(with_media: EShot, model: Tones) -> None:
    plain = evaluate_eshot(with_media, Tones(), workers=1, normalize_members=True).to_json()
    stacked = evaluate_eshot(with_media, model, workers=1).to_json()
    assert stacked["audio_to_points"] == plain["audio_to_points"]
    assert stacked["missing"] == plain["missing"]


def test_a_class_that_lost_its_media_is_listed(with_media: EShot) -> None:
    for row in with_media.points_rows["drum"]:
        with_media.paths("points")[row].unlink()
    fresh = load_eshot(with_media.folder, media_root=with_media.media_root)
    found = evaluate_eshot(fresh, by_name).to_json()
    assert found["missing"]["classes"] == {
        "audio_to_points": {"without_vector": ["drum"], "without_queries": []},
        "points_to_audio": {"without_vector": [], "without_queries": ["drum"]},
    }
    assert "drum" not in found["audio_to_points"]["per_class"]
    assert "drum" not in found["points_to_audio"]["per_class"]
    assert found["audio_to_points"]["top1"]["chance"] == 0.25


def test_members_may_be_normalized(eshot: EShot) -> None:
    audio, points = matrices(eshot)
    raw = evaluate_eshot(eshot, (audio * 50, points)).to_json()
    scale = np.random.default_rng(0).lognormal(size=(len(audio), 1), sigma=3)
    assert evaluate_eshot(eshot, (audio * scale, points)).to_json() != raw
    unit = evaluate_eshot(eshot, (audio, points), normalize_members=True).to_json()
    scaled = evaluate_eshot(eshot, (audio * scale, points), normalize_members=True).to_json()
    assert scaled == unit
    assert unit["settings"]["normalize_members"] is True


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (lambda paths: by_name(paths)[1:], "one row for each of the sounds.*14 rows, got 13"),
        (lambda paths: by_name(paths)[:, 0], "no matrix of numbers"),
        (lambda paths: None, "no matrix of numbers.*NoneType"),
        (lambda paths: [["a"]] * len(paths), "no matrix of numbers"),
        (lambda paths: [[1], [1, 2]], "no matrix of numbers"),
        (lambda paths: by_name(paths)[:, len(paths) % 2 :], "differ in length"),
        (lambda paths: by_name(paths) * np.nan, "row 0 .counted from 0., clip-.*NaN"),
        (lambda paths: by_name(paths) * 0, "is zero, which has no direction"),
    ],
)
def test_models_that_do_not_fit(eshot: EShot, model: object, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        evaluate_eshot(eshot, model)


def test_encoders_that_do_not_fit(eshot: EShot, with_media: EShot) -> None:
    with pytest.raises(InputError, match="none of the 14 sounds of EShot is there"):
        evaluate_eshot(eshot, Tones())
    with pytest.raises(SpaceMismatch):
        evaluate_eshot(with_media, (Tones("one"), Tones("two")))
    deaf = Tones()
    deaf.modalities = (Modality.POINTS,)
    with pytest.raises(InputError, match="'tones' does not encode 'audio'"):
        evaluate_eshot(eshot, deaf)
    with pytest.raises(InputError, match="one model for the sounds and one for the clouds"):
        evaluate_eshot(eshot, (by_name, by_name, by_name))
    with pytest.raises(InputError, match="no matrix of numbers"):
        evaluate_eshot(eshot, SimpleNamespace())


def test_nothing_that_can_be_decoded(with_media: EShot) -> None:
    for path in with_media.paths("audio"):
        path.write_bytes(b"noise")
    with pytest.raises(InputError, match="none of the 14 sounds can be embedded; the first"):
        evaluate_eshot(with_media, Tones(), workers=1)


# ---------------------------------------------------------------------------------------- matrices


def test_a_matrix_is_read(tmp_path: Path) -> None:
    for dtype in (np.float16, np.float32, np.float64):
        np.save(tmp_path / "a.npy", np.ones((3, 2), dtype))
        assert read_matrix(tmp_path / "a.npy", rows=3, table="t.csv").dtype == dtype


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.ones((4, 2)), "one row is needed for each row of t.csv.*expected 3 rows"),
        (np.ones((3, 0)), "one row is needed"),
        (np.ones(3), "not a matrix of floats"),
        (np.ones((3, 2), int), "not a matrix of floats.*int64"),
        (np.full((3, 2), np.nan), "row 0 .counted from 0. has NaN or infinite"),
        (np.array([[1.0, 1], [1, np.inf], [1, 1]]), "row 1 .counted from 0."),
        (np.array([[1, None]] * 3, object), "pickled objects"),
    ],
)
def test_matrices_that_do_not_fit(tmp_path: Path, array: NDArray, expected: str) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=expected):
        read_matrix(tmp_path / "a.npy", rows=3, table="t.csv")


@pytest.mark.parametrize("data", [b"", b"no array", b"\x93NUMPY\x01\x00", b"PK\x03\x04junk"])
def test_files_that_are_no_matrix(tmp_path: Path, data: bytes) -> None:
    write_file(tmp_path / "a.npy", data)
    with pytest.raises(InputError, match=r"a\.npy: "):
        read_matrix(tmp_path / "a.npy", rows=3, table="t.csv")


def test_archives_and_absent_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones((3, 2)))
    with pytest.raises(InputError, match=r"not a \.npy file"):
        read_matrix(tmp_path / "a.npz", rows=3, table="t.csv")
    with pytest.raises(InputError, match="No such file"):
        read_matrix(tmp_path / "b.npy", rows=3, table="t.csv")
