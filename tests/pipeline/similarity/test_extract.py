from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.encoders.protocol import Encoder
from pentad.pipeline import plan
from pentad.pipeline.similarity.extract import extract
from pentad.pipeline.similarity.opened import open_frames
from tests.embeddings.toy import Toy, paint
from tests.pipeline.similarity.little import tone

MODEL = ["audio-descriptor"]


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    for number in range(3):
        tone(folder / f"{500 + number}.wav", 200 * (number + 1))
    return folder


class Loudness(Toy):
    """A frame is a tenth of a second: its loudness and its place."""

    def __init__(self) -> None:
        super().__init__("loudness")
        self.modalities = (Modality.AUDIO,)
        self.dim = 2

    def encode(self, inputs, *, modality, batch_size=None):  # type: ignore[no-untyped-def]
        frames = self.encode_frames(inputs, modality=modality)
        return np.array([part.mean(axis=0) for part in frames], np.float32).reshape(-1, 2)

    def encode_frames(self, inputs, *, modality, batch_size=None, normalize=False):  # type: ignore[no-untyped-def]
        found = []
        for sound in inputs:
            samples = np.asarray(sound.samples, np.float64).reshape(-1)
            step = sound.rate // 10
            parts = [samples[i : i + step] for i in range(0, len(samples) - step + 1, step)]
            rows = [[float(np.abs(part).mean()), place] for place, part in enumerate(parts)]
            found.append(np.array(rows, np.float32))
        return found


@pytest.fixture
def loudness(monkeypatch: pytest.MonkeyPatch) -> Encoder:
    made = Loudness()
    known = plan.get_encoder
    monkeypatch.setattr(
        plan, "get_encoder", lambda name: made if name == "loudness" else known(name)
    )
    return made


def test_a_folder_and_again(sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "ws"
    done = extract(sounds, out, models=MODEL)
    assert (done.modality, done.encoded, done.kept, done.rejected) == ("audio", 3, 0, 0)
    assert not done.frames
    assert open_frames(out).names == ("500", "501", "502")
    again = extract(sounds, out, models=MODEL)
    assert (again.encoded, again.kept) == (0, 3)
    tone(sounds / "503.wav", 900)
    more = extract(sounds, out, models=MODEL)
    assert (more.encoded, more.kept) == (1, 3)


def test_frames(sounds: Path, tmp_path: Path, loudness: Encoder) -> None:
    tone(sounds / "503.wav", 900, seconds=0.9)
    done = extract(sounds, tmp_path / "ws", models=["loudness"])
    assert done.frames
    found = open_frames(tmp_path / "ws")
    assert np.diff(found.offsets).tolist() == [4, 4, 4, 9]


def test_one_file(sounds: Path, tmp_path: Path) -> None:
    done = extract(sounds / "501.wav", tmp_path / "ws", models=MODEL)
    assert done.encoded == 1
    assert open_frames(tmp_path / "ws").names == ("501",)


def test_the_files_of_a_list(sounds: Path, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "l.csv").write_text("fname,labels\n501,x\n502.wav,y\n999,z\n")
    out = tmp_path / "ws"
    done = extract(sounds, out, models=MODEL, names=tmp_path / "l.csv")
    assert done.encoded == 2
    assert open_frames(out).names == ("501", "502")
    assert "1 of 3 names of l.csv have no file here" in caplog.messages
    assert extract(sounds, out, models=MODEL).kept == 2
    assert len(open_frames(out)) == 3
    extract(sounds, out, models=MODEL, names=tmp_path / "l.csv")
    assert open_frames(out).names == ("501", "502")
    (tmp_path / "l.csv").write_text("fname\n7\n")
    with pytest.raises(InputError, match="none of the names is a file here; expected 500, got 7"):
        extract(sounds, tmp_path / "new", models=MODEL, names=tmp_path / "l.csv")
    assert not (tmp_path / "new").exists()


def test_files_that_cannot_be_decoded_are_listed(sounds: Path, tmp_path: Path) -> None:
    (sounds / "broken.wav").write_bytes(b"RIFF0000")
    (sounds / "notes.txt").write_text("not a sound")
    done = extract(sounds, tmp_path / "ws", models=MODEL)
    assert (done.encoded, done.rejected) == (3, 1)
    rejected = pl.read_parquet(tmp_path / "ws" / "logs" / "rejected.parquet")
    assert any("broken.wav" in str(row) for row in rejected.rows())


def test_the_modality_of_most_files(sounds: Path, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    paint(sounds / "cover.png", "red")
    done = extract(sounds, tmp_path / "ws", models=MODEL)
    assert done.modality == "audio"
    assert "only the audio files are taken, not 1 image" in caplog.messages
    done = extract(sounds, tmp_path / "ws2", models=["image-descriptor"], modality="image")
    assert (done.modality, done.encoded, done.frames) == ("image", 1, False)


def test_what_cannot_be_extracted(sounds: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "ws"
    cases = [
        ((tmp_path / "nowhere", MODEL, None), "no such file or folder"),
        ((tmp_path / "empty", MODEL, None), "no files that can be encoded"),
        ((tmp_path / "file", MODEL, None), "is of no kind that can be encoded"),
        ((sounds, ["audio-descriptr"], None), "unknown encoder"),
        ((sounds, ["image-descriptor"], None), "image-descriptor does not encode audio"),
        ((sounds, ["image=image-descriptor"], None), "does not encode audio; expected image"),
        ((sounds, [*MODEL, "image-descriptor"], None), "one encoder"),
        ((sounds, MODEL, "image"), "no files that can be encoded"),
        ((sounds, MODEL, "sound"), "unknown modality"),
    ]
    for (source, models, modality), said in cases:
        with pytest.raises((InputError, UnknownName), match=said):
            extract(source, out, models=models, modality=modality)
        assert not out.exists()


def test_another_folder_needs_another_workspace(sounds: Path, tmp_path: Path) -> None:
    extract(sounds, tmp_path / "ws", models=MODEL)
    tone(tmp_path / "other" / "1.wav", 100)
    with pytest.raises(InputError, match="use another workspace"):
        extract(tmp_path / "other", tmp_path / "ws", models=MODEL)
