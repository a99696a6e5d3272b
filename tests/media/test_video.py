from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from pentad.core.errors import DecodeError, Reason
from pentad.media.decode import decode
from pentad.media.types import DecodeOptions, Video
from tests.media.makers import MAKERS, make, write_video


def video(path: Path, **options: int) -> Video:
    return decode(path, "video", DecodeOptions(**options))


def numbers(found: Video) -> list[int]:
    """Which frames these are, read from the bits in their upper half."""
    upper = found.frames[:, : found.frames.shape[1] // 2 - 4].mean(axis=(1, 3))
    bars = upper.reshape(len(upper), 8, -1).mean(axis=2)
    return ((bars > 128) @ (1 << np.arange(8))).tolist()


@pytest.mark.parametrize("name", MAKERS["video"])
def test_the_evenly_spaced_frames_are_exact(tmp_path: Path, name: str) -> None:
    found = video(make(tmp_path, "video", name), video_frames=8)
    assert found.frames.shape == (8, 64, 64, 3)
    assert numbers(found) == [int((i + 0.5) * 40 / 8) for i in range(8)]
    assert found.fps == pytest.approx(16, rel=0.01)


@pytest.mark.parametrize("frames", [1, 3, 7])
def test_a_short_video_repeats_frames(tmp_path: Path, frames: int) -> None:
    found = video(write_video(tmp_path / "a.mp4", frames=frames), video_frames=8)
    assert numbers(found) == [int((i + 0.5) * frames / 8) for i in range(8)]


def test_all_frames(tmp_path: Path) -> None:
    assert numbers(video(write_video(tmp_path / "a.mp4"))) == list(range(40))


def test_frames_may_be_reduced(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=4, size=256)
    assert video(path, image_side=48).frames.shape == (4, 96, 96, 3)
    assert video(path, image_side=200).frames.shape == (4, 256, 256, 3)
    assert numbers(video(path, image_side=48)) == [0, 1, 2, 3]


@pytest.mark.parametrize("turn", [0, 90, 180, -90])
def test_a_turned_video_is_upright(tmp_path: Path, turn: int) -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :32] = 255
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=16)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        if turn:
            stream.set_display_rotation(turn)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(tmp_path / "a.mp4")) as container:
        declared = next(container.decode(video=0)).rotation
    found = video(tmp_path / "a.mp4").frames[0].astype(int)
    assert np.abs(found - np.rot90(pixels, round(declared / 90))).max() < 30
    assert (declared == 0) == (turn == 0)


def test_a_cut_by_edit_list_is_not_taken_for_damage(tmp_path: Path) -> None:
    """`ffmpeg -ss 1 -c copy` keeps frames before the cut in the file, hidden."""
    write_video(tmp_path / "long.mp4")
    with (
        av.open(str(tmp_path / "long.mp4")) as source,
        av.open(str(tmp_path / "cut.mp4"), "w") as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                shift = int(1.3 / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = stream
                target.mux(packet)
    found = numbers(video(tmp_path / "cut.mp4"))
    assert found == list(range(40 - len(found), 40))


def test_a_sound_has_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(DecodeError) as refusal:
        video(make(tmp_path, "audio", "b.m4a"))
    assert refusal.value.reason is Reason.UNSUPPORTED


def test_too_many_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4")
    monkeypatch.setattr("pentad.media.video.MAX_KEPT_PIXELS", 64 * 64 * 8)
    assert len(video(path, video_frames=8).frames) == 8
    with pytest.raises(DecodeError) as refusal:
        video(path)
    assert refusal.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{0}\n", "ffconcat version 1.0\nfile {0}\n"])
def test_a_playlist_reaches_no_other_file(tmp_path: Path, text: str) -> None:
    target = write_video(tmp_path / "secret.mp4")
    (tmp_path / "a.mp4").write_text(text.format(target))
    with pytest.raises(DecodeError):
        video(tmp_path / "a.mp4")
