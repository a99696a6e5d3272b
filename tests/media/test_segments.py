"""Parts of sounds and videos: the same samples and frames as a cut of the whole."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.types import DecodeOptions
from pentad.media.worker import DecodePool, DecodeRequest
from tests.media.makers import (
    MAKERS,
    make,
    tone,
    write_av_sound,
    write_timed_video,
    write_video,
)
from tests.media.test_video import numbers

PARTS = [(0.0, 1.0), (0.5, 1.7), (1.2345678, 2.3456789), (2.0, None), (None, 0.3), (2.9, 3.0)]
RATE = 22050


def refusal(path: Path, modality: str, start: float | None, end: float | None) -> DecodeError:
    with pytest.raises(DecodeError) as found:
        decode(path, modality, start=start, end=end)
    return found.value


def cut(samples: np.ndarray, rate: int, start: float | None, end: float | None) -> np.ndarray:
    last = None if end is None else int(end * rate + 0.5)
    return samples[int((start or 0) * rate + 0.5) : last]


class TestSounds:
    @pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff", "au"])
    @pytest.mark.parametrize(("start", "end"), PARTS)
    def test_a_part_is_a_cut_of_the_whole(
        self, tmp_path: Path, kind: str, start: float | None, end: float | None
    ) -> None:
        soundfile.write(tmp_path / f"a.{kind}", tone(3.0), RATE)
        whole = decode(tmp_path / f"a.{kind}", "audio")
        part = decode(tmp_path / f"a.{kind}", "audio", start=start, end=end)
        assert np.array_equal(part.samples, cut(whole.samples, RATE, start, end))

    @pytest.mark.parametrize(
        ("name", "codec"),
        [("a.m4a", "aac"), ("a.aac", "aac"), ("a.webm", "libopus"), ("a.mkv", "pcm_f32le")],
    )
    @pytest.mark.parametrize(("start", "end"), PARTS)
    def test_so_it_is_where_ffmpeg_decodes(
        self, tmp_path: Path, name: str, codec: str, start: float | None, end: float | None
    ) -> None:
        path = write_long_sound(tmp_path / name, codec)
        whole = decode(path, "audio")
        part = decode(path, "audio", start=start, end=end)
        expected = cut(whole.samples, whole.rate, start, end)
        assert abs(len(part.samples) - len(expected)) <= (0 if end else 0.02 * whole.rate)
        # Containers round times, so the part may begin a thousandth of a second beside the cut.
        assert shift(part.samples, whole.samples, int((start or 0) * whole.rate)) <= 60

    def test_wanted_length_and_rate_go_with_it(self, tmp_path: Path) -> None:
        soundfile.write(tmp_path / "a.wav", tone(3.0), RATE)
        options = DecodeOptions(sample_rate=16000, max_seconds=0.5)
        found = decode(tmp_path / "a.wav", "audio", options, start=1.0, end=2.0)
        assert (len(found.samples), found.rate) == (8000, 16000)
        found = decode(tmp_path / "a.wav", "audio", options, start=1.0, end=1.25)
        assert len(found.samples) == 4000

    @pytest.mark.parametrize("name", ["a.wav", "a.mp3", "b.m4a", "b.webm"])
    def test_what_lies_outside(self, tmp_path: Path, name: str) -> None:
        path = make(tmp_path, "audio", name)
        error = refusal(path, "audio", 5, 6.5)
        assert error.reason is Reason.EMPTY
        assert "seconds 5 to 6.5" in error.detail
        assert refusal(path, "audio", 5, None).reason is Reason.EMPTY

    @pytest.mark.parametrize("name", ["a.wav", "a.mp3", "b.m4a"])
    def test_a_twentieth_may_be_missing(self, tmp_path: Path, name: str) -> None:
        path = make(tmp_path, "audio", name)
        end = len(decode(path, "audio").samples) / decode(path, "audio").rate
        assert decode(path, "audio", start=end - 0.5, end=end + 0.02)
        error = refusal(path, "audio", end - 0.5, end + 0.1)
        assert error.reason is Reason.TRUNCATED
        assert "seconds 0." in error.detail

    def test_the_sound_of_a_video_counts_from_where_the_video_begins(self, tmp_path: Path) -> None:
        found = decode(write_av_sound(tmp_path / "a.ts", "aac"), "audio", start=0.25, end=0.75)
        assert len(found.samples) == 24000


def write_long_sound(path: Path, codec: str) -> Path:
    rate = 48000
    sound = np.random.default_rng(0).normal(0, 0.2, 3 * rate).astype(np.float32)
    sound = np.convolve(sound, np.ones(8, np.float32) / 8, "same")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        if codec == "aac":
            stream.bit_rate = 256_000
        form = "flt" if codec == "pcm_f32le" else "fltp"
        for start in range(0, len(sound), 960):
            part = np.ascontiguousarray(sound[None, start : start + 960])
            frame = av.AudioFrame.from_ndarray(part, format=form, layout="mono")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def shift(part: np.ndarray, whole: np.ndarray, at: int) -> int:
    """By how many samples ``part`` lies beside ``whole[at:]``, where the two agree best."""
    size = min(len(part), 2000)
    scores = {}
    for off in range(-600, 601):
        other = whole[at + off : at + off + size] if at + off >= 0 else whole[:0]
        if len(other) == size:
            scores[off] = float(np.abs(part[:size] - other).mean())
    best = min(scores, key=lambda off: scores[off])
    assert scores[best] < 0.01
    return abs(best)


class TestVideos:
    @pytest.mark.parametrize("name", MAKERS["video"])
    @pytest.mark.parametrize(
        ("start", "end"), [(0.0, None), (1.0, 2.0), (0.5, 1.7), (None, 1.0), (2.4, 2.5)]
    )
    def test_a_part_has_the_frames_of_the_whole(
        self, tmp_path: Path, name: str, start: float | None, end: float | None
    ) -> None:
        path = make(tmp_path, "video", name)
        whole = decode(path, "video")
        part = decode(path, "video", start=start, end=end)
        wanted = [i for i in range(40) if (start or 0) <= i / 16 < (2.5 if end is None else end)]
        assert numbers(part) == wanted
        assert np.array_equal(part.frames, whole.frames[wanted])
        assert part.duration == pytest.approx(len(wanted) / 16, abs=0.07)

    @pytest.mark.parametrize(
        ("name", "codec", "options"),
        [
            ("a.mp4", "libx264", {"x264-params": "bframes=3:b-adapt=0:open-gop=1:keyint=10"}),
            ("a.mkv", "libx264", {"x264-params": "bframes=3:b-adapt=0:open-gop=1:keyint=10"}),
            ("a.ts", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
            ("a.flv", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
            ("a.avi", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
            ("b.avi", "mpeg4", {"bf": "2"}),
            ("a.mpg", "mpeg2video", {"bf": "2"}),
            ("b.ts", "mpeg2video", {"bf": "2"}),
            ("a.wmv", "wmv2", {}),
        ],
    )
    def test_so_it_is_where_frames_are_stored_out_of_order(
        self, tmp_path: Path, name: str, codec: str, options: dict[str, str]
    ) -> None:
        path = write_timed_video(
            tmp_path / name, range(100), tick=Fraction(1, 25), codec=codec, **options
        )
        whole = decode(path, "video").frames
        for start, end in ((1.0, 2.0), (0.5, 1.7), (3.0, None), (2.01, 2.9)):
            part = decode(path, "video", start=start, end=end)
            wanted = [i for i in range(100) if start <= i / 25 < (end or 4)]
            assert numbers(part) == wanted
            assert np.array_equal(part.frames, whole[wanted])

    def test_frames_are_spaced_over_the_part(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mp4")
        found = decode(path, "video", DecodeOptions(video_frames=4), start=1.0, end=2.0)
        assert numbers(found) == [18, 22, 26, 30]
        assert (found.variable, found.duration) == (False, pytest.approx(1.0))

    def test_what_is_shown_all_along(self, tmp_path: Path) -> None:
        path = write_timed_video(tmp_path / "a.mkv", [0, 5000, 12000, 13000], rate=1)
        found = decode(path, "video", DecodeOptions(video_frames=3), start=6.0, end=7.0)
        assert numbers(found) == [1, 1, 1]
        found = decode(path, "video", DecodeOptions(video_frames=4), start=4.0, end=13.5)
        assert numbers(found) == [1, 1, 1, 2]

    def test_a_video_whose_own_clock_starts_late(self, tmp_path: Path) -> None:
        times = range(1250, 1300)
        path = write_timed_video(tmp_path / "a.ts", times, tick=Fraction(1, 25), codec="mpeg2video")
        assert numbers(decode(path, "video", start=1.0, end=1.2)) == [25, 26, 27, 28, 29]

    @pytest.mark.parametrize("name", MAKERS["video"])
    def test_what_lies_outside_and_what_is_cut_off(self, tmp_path: Path, name: str) -> None:
        path = make(tmp_path, "video", name)
        error = refusal(path, "video", 50, 60)
        assert error.reason is Reason.EMPTY
        assert "seconds 50 to 60" in error.detail
        assert refusal(path, "video", 2.6, 3).reason is Reason.EMPTY
        error = refusal(path, "video", 1, 4)
        assert error.reason is Reason.TRUNCATED
        assert "seconds 1 to 4" in error.detail
        assert len(decode(path, "video", start=0.5, end=2.58).frames) == 32

    def test_a_part_is_judged_by_itself(self, tmp_path: Path) -> None:
        times = [*range(0, 2000, 40), *np.cumsum(np.tile([20, 150], 20)) + 2000]
        path = write_timed_video(tmp_path / "a.mkv", times)
        assert decode(path, "video").variable
        assert not decode(path, "video", start=0, end=1.9).variable
        assert decode(path, "video", start=2.1).variable
        only = DecodeOptions(reject_variable=True, video_frames=0)
        assert decode(path, "video", only, start=0, end=1.9).duration == pytest.approx(1.92)
        with pytest.raises(DecodeError) as found:
            decode(path, "video", only, start=2.1)
        assert found.value.reason is Reason.VARIABLE_RATE


@pytest.mark.parametrize(
    ("start", "end"),
    [(3, 3), (3, 2), (-1, 2), (float("nan"), 2), (0, float("nan")), (0, float("inf")),
     (float("inf"), None), (-0.5, None), ("x", None)],
)  # fmt: skip
@pytest.mark.parametrize("modality", ["audio", "video"])
def test_what_is_no_part_is_a_bad_row(
    tmp_path: Path, modality: str, start: object, end: object
) -> None:
    path = make(tmp_path, modality, "b.m4a" if modality == "audio" else "a.mp4")
    error = refusal(path, modality, start, end)
    assert error.reason is Reason.BAD_ROW
    assert path.name in error.detail
    with DecodePool(decoder="pentad.media.decode:decode") as pool:
        (sent,) = pool.map([DecodeRequest(path, modality, start=start, end=end)])
    assert isinstance(sent, DecodeError)
    assert sent.reason is Reason.BAD_ROW


@pytest.mark.parametrize(("modality", "name"), [("image", "a.png"), ("points", "a.npy")])
def test_what_does_not_play_has_no_parts(tmp_path: Path, modality: str, name: str) -> None:
    error = refusal(make(tmp_path, modality, name), modality, 1, 2)
    assert error.reason is Reason.UNSUPPORTED
    assert "seconds 1 to 2" in error.detail


def test_parts_travel_to_the_workers(tmp_path: Path) -> None:
    path = make(tmp_path, "audio", "a.wav")
    with DecodePool() as pool:
        (found,) = pool.map([DecodeRequest(path, "audio", start=0.25, end=0.5)])
    assert np.array_equal(found.samples, decode(path, "audio", start=0.25, end=0.5).samples)
