from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.types import Audio, DecodeOptions
from tests.media.makers import MAKERS, RATE, make, tone, write_av_sound, write_sound


def sound(path: Path, **options: float) -> Audio:
    return decode(path, "audio", DecodeOptions(**options))


def reason(path: Path, **options: float) -> Reason:
    with pytest.raises(DecodeError) as refusal:
        sound(path, **options)
    return refusal.value.reason


def pitch(audio: Audio) -> float:
    spectrum = np.abs(np.fft.rfft(audio.samples))
    return float(np.fft.rfftfreq(len(audio.samples), 1 / audio.rate)[spectrum.argmax()])


@pytest.mark.parametrize("name", MAKERS["audio"])
def test_each_format_keeps_length_and_pitch(tmp_path: Path, name: str) -> None:
    found = sound(make(tmp_path, "audio", name))
    assert found.samples.dtype == np.float32
    assert found.rate in {RATE, 48000}
    assert len(found.samples) / found.rate == pytest.approx(1.0, abs=0.06)
    assert pitch(found) == pytest.approx(440, abs=3)
    assert np.sqrt((found.samples**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "b.m4a"])
def test_resampling_and_cutting(tmp_path: Path, name: str) -> None:
    found = sound(make(tmp_path, "audio", name), sample_rate=16000, max_seconds=0.5)
    assert found.rate == 16000
    assert len(found.samples) == 8000
    assert pitch(found) == pytest.approx(440, abs=3)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(), np.roll(tone(), 7)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), RATE, subtype="FLOAT")
    assert np.allclose(sound(tmp_path / "a.wav").samples, (left + right) / 2, atol=1e-7)


def test_the_sound_of_a_video_file(tmp_path: Path) -> None:
    found = sound(write_av_sound(tmp_path / "a.mp4", "aac"))
    assert pitch(found) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_a_twentieth_of_a_second_is_enough(tmp_path: Path, kind: str) -> None:
    soundfile.write(tmp_path / f"a.{kind}", tone(0.05), RATE)
    found = sound(tmp_path / f"a.{kind}", sample_rate=48000)
    assert len(found.samples) == pytest.approx(2400, abs=3)


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_silence_is_refused(tmp_path: Path, level: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(1000, level), RATE)
    assert reason(tmp_path / "a.wav") is Reason.CONSTANT


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.nan, Reason.NON_FINITE), (np.inf, Reason.NON_FINITE), (1e30, Reason.CORRUPT)],
)
def test_impossible_samples_are_refused(tmp_path: Path, value: float, expected: Reason) -> None:
    samples = tone()
    samples[77] = value
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    assert reason(tmp_path / "a.wav", sample_rate=16000) is expected


def test_no_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.empty(0), RATE)
    assert reason(tmp_path / "a.wav") is Reason.EMPTY


def wav(declared: int, data: bytes, rate: int = RATE) -> bytes:
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16
    )
    return head + struct.pack("<4sI", b"data", declared) + data


def test_a_wav_that_claims_gigabytes_is_truncated(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(3_900_000_000, (tone() * 3e4).astype("<i2").tobytes()))
    assert reason(tmp_path / "a.wav") is Reason.TRUNCATED


@pytest.mark.parametrize("unknown", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_recorder_that_did_not_know_the_length_is_believed(tmp_path: Path, unknown: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(unknown, (tone() * 3e4).astype("<i2").tobytes()))
    assert len(sound(tmp_path / "a.wav").samples) == len(tone())


def test_up_to_a_twentieth_may_be_missing(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.97)])
    assert len(sound(path).samples) == pytest.approx(0.97 * RATE, rel=0.01)
    path.write_bytes(data[: int(len(data) * 0.93)])
    assert reason(path) is Reason.TRUNCATED


def test_an_absurd_rate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(400, bytes(range(200)) * 2, rate=0x7FFFFFF0))
    assert reason(tmp_path / "a.wav") in {Reason.UNSUPPORTED, Reason.CORRUPT}


def test_an_mp3_that_does_not_say_its_length(tmp_path: Path) -> None:
    path = write_av_sound(tmp_path / "a.mp3", "libmp3lame", write_xing="0")
    path.write_bytes(path.read_bytes() + b"TAG".ljust(128))
    assert pitch(sound(path)) == pytest.approx(440, abs=3)
    path.write_bytes(path.read_bytes()[:-400])
    assert reason(path) is Reason.TRUNCATED


def test_codecs_that_libsndfile_does_not_know(tmp_path: Path) -> None:
    assert pitch(sound(write_av_sound(tmp_path / "a.caf", "alac"))) == pytest.approx(440, abs=3)


def test_a_video_without_sound(tmp_path: Path) -> None:
    assert reason(make(tmp_path, "video", "a.mp4")) is Reason.UNSUPPORTED


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac"])
def test_a_truncated_file_is_refused_even_if_the_wanted_part_is_there(
    tmp_path: Path, kind: str
) -> None:
    soundfile.write(tmp_path / f"a.{kind}", tone(3.0), RATE)
    data = (tmp_path / f"a.{kind}").read_bytes()
    (tmp_path / f"a.{kind}").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(DecodeError):
        sound(tmp_path / f"a.{kind}")
