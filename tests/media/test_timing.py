"""Frames are chosen by time; at a constant rate that is by number, whatever is rounded."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.timing import Timing, is_variable, timing_of
from pentad.media.types import DecodeOptions, Video
from pentad.media.worker import DecodePool, DecodeRequest
from tests.media.makers import MAKERS, make, write_timed_video, write_video
from tests.media.test_video import numbers

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

RATES = [
    Fraction(r) for r in ("5", "10", "12", "15", "24", "25", "30", "48", "50", "60", "120", "240")
] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]
TICKS = [Fraction(1, n) for n in (1000, 600, 90000, 12800, 100)]
COUNTS = (1, 2, 3, 4, 5, 7, 9, 10, 11, 16, 29, 40, 97, 300, 1000, 4501)
WANTED = (1, 2, 3, 8, 12, 16, 32)


def rounded(count: int, rate: Fraction, tick: Fraction, how: str) -> list[float]:
    ways = {"near": round, "down": math.floor, "up": math.ceil}
    ticks = [ways[how](Fraction(i) / rate / tick) for i in range(count)]
    return [float(t * tick) for t in ticks]


def video(path: Path, **options: object) -> Video:
    return decode(path, "video", DecodeOptions(**options))


def by_number(count: int, frames: int) -> list[int]:
    return [int((i + 0.5) * count / frames) for i in range(frames)]


@pytest.mark.parametrize(
    ("rate", "tick"), [(r, t) for t in TICKS for r in RATES if 1 / r >= t], ids=str
)
def test_a_constant_rate_is_chosen_by_number_whatever_is_rounded(
    rate: Fraction, tick: Fraction
) -> None:
    for how in ("near", "down", "up"):
        for count in COUNTS:
            times = rounded(count, rate, tick, how)
            found = timing_of(times, tick=float(tick), fps=float(rate))
            assert not found.variable, (how, count)
            assert found.duration == pytest.approx(count / rate, abs=2.1 * float(tick))
            for frames in WANTED:
                assert found.chosen(frames) == by_number(count, frames)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_storing_and_an_odd_start_or_end_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.array(rounded(200, Fraction(30000, 1001), Fraction(1, 1000), "near"))
    times[0] -= 0.4
    times[-1] += 0.7
    stored = times.copy()
    for at in range(1, 196, 4):
        stored[at : at + 4] = rng.permutation(stored[at : at + 4])
    found = timing_of(stored.tolist(), tick=0.001, fps=30)
    assert not found.variable
    assert found.chosen(8) == by_number(200, 8)


def test_a_few_frames_dropped_or_repeated_make_no_variable_rate() -> None:
    rng = np.random.default_rng(0)
    even = np.arange(300) * 0.04
    assert not is_variable(np.delete(even, rng.choice(np.arange(5, 295), 5, replace=False)), 0.001)
    twice = np.sort(np.concatenate([even, even[rng.choice(300, 5, replace=False)]]))
    assert not is_variable(twice, 0.001)


@pytest.mark.parametrize(
    "steps",
    [
        np.random.default_rng(0).integers(20, 60, 200),
        np.tile([33, 33, 50], 60),
        np.r_[np.full(100, 40), np.full(100, 80)],
        np.r_[np.full(150, 40), 9000, np.full(150, 40)],
        np.r_[1000, 5000],
        np.array([1000, 1000, 1000, 4000, 1000]),
        np.where(np.arange(200) % 10 == 0, 80, 40),
    ],
    ids=["jitter", "pull-down", "two rates", "a pause", "two slides", "slides", "every tenth lost"],
)
def test_variable_rates_are_told(steps: np.ndarray) -> None:
    assert is_variable(np.r_[0, np.cumsum(steps)] / 1000, 0.001)


def test_a_drop_to_half_the_rate_is_told_even_where_the_tick_is_a_frame() -> None:
    times = np.r_[0, np.cumsum(np.r_[np.full(100, 1), np.full(100, 2)])] / 25
    assert is_variable(times, 1 / 25)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_or_two_frames_have_no_rate(count: int) -> None:
    assert not is_variable(np.arange(count) ** 2.0, 0.001)


def test_all_frames_at_once_are_chosen_by_number() -> None:
    found = timing_of([0.5] * 20, tick=0.001, fps=25)
    assert not found.variable
    assert found.chosen(4) == by_number(20, 4)


def test_frames_without_times_are_chosen_by_number() -> None:
    found = timing_of([None] * 50, tick=0.001, fps=25)
    assert (found.variable, found.duration, found.times) == (False, 2.0, None)
    assert found.chosen(8) == by_number(50, 8)
    assert timing_of([], tick=0, fps=0).duration == 0


def test_a_variable_rate_gives_what_is_shown_in_the_middle_of_each_part() -> None:
    times = np.array([0.0, 1.0, 1.5, 8.0, 9.0])
    found = Timing(5, times, 10.0, variable=True)
    assert found.chosen(5) == [1, 2, 2, 2, 4]
    assert found.chosen(1) == [2]
    assert found.chosen(None) == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------ real files


@pytest.mark.parametrize("name", MAKERS["video"])
def test_no_container_makes_a_constant_rate_variable(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, "video", name)
    found = video(path, video_frames=3)
    assert not found.variable
    assert found.duration == pytest.approx(2.5, abs=0.07)
    told = video(path, video_frames=0)
    assert (told.variable, told.fps, told.duration) == (False, found.fps, found.duration)
    assert len(told.frames) == 0


@pytest.mark.parametrize("frames", [1, 5, 8, 16])
@pytest.mark.parametrize("count", [3, 40, 100])
@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60)])
def test_matroska_rounds_to_thousandths(
    tmp_path: Path, rate: Fraction, count: int, frames: int
) -> None:
    times = [round(i * 1000 / rate) for i in range(count)]
    path = write_timed_video(tmp_path / "a.mkv", times, rate=rate)
    found = video(path, video_frames=frames)
    assert numbers(found) == by_number(count, frames)
    assert not found.variable


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"x264-params": "bframes=3:b-adapt=0:open-gop=1:keyint=10"}),
        ("a.mkv", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
        ("a.ts", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
        ("a.avi", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
        ("b.avi", "mpeg4", {"bf": "2"}),
        ("a.mpg", "mpeg2video", {"bf": "2"}),
        ("a.webm", "libvpx", {"auto-alt-ref": "1", "lag-in-frames": "16"}),
    ],
)
def test_frames_stored_out_of_order_or_never_shown(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = write_timed_video(
        tmp_path / name, range(100), tick=Fraction(1, 25), codec=codec, **options
    )
    found = video(path, video_frames=9)
    assert numbers(found) == by_number(100, 9)
    assert not found.variable
    assert not video(path, video_frames=0).variable


UNEVEN = np.r_[0, np.cumsum(np.random.default_rng(0).integers(20, 90, 99))].tolist()


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.ts", "libx264"), ("a.webm", "libvpx-vp9")],
)
def test_uneven_times_are_found_recorded_and_obeyed(tmp_path: Path, name: str, codec: str) -> None:
    path = write_timed_video(tmp_path / name, UNEVEN, codec=codec)
    found = video(path, video_frames=8)
    assert found.variable
    middles = (np.arange(8) + 0.5) * found.duration / 8
    shown = np.searchsorted(np.array(UNEVEN) / 1000, middles, side="right") - 1
    assert numbers(found) == shown.tolist()
    assert numbers(found) != by_number(100, 8)
    told = video(path, video_frames=0)
    assert (told.variable, told.duration) == (True, found.duration)
    with DecodePool() as pool:
        options = DecodeOptions(video_frames=8)
        (sent,) = pool.map([DecodeRequest(path, "video", options)])
    assert (sent.variable, sent.duration) == (True, found.duration)


@pytest.mark.parametrize("frames", [0, 4, None])
def test_variable_rates_can_be_refused(tmp_path: Path, frames: int | None) -> None:
    path = write_timed_video(tmp_path / "a.mkv", UNEVEN)
    with pytest.raises(DecodeError) as refusal:
        video(path, video_frames=frames, reject_variable=True)
    assert refusal.value.reason is Reason.VARIABLE_RATE
    even = write_video(tmp_path / "b.mkv")
    assert not video(even, video_frames=frames, reject_variable=True).variable
