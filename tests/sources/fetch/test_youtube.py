from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from pentad.core.errors import InputError, StoreError
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.sources.fetch.handlers.tool import Limits
from pentad.sources.fetch.handlers.youtube import YouTubeBatch, YouTubeOptions
from pentad.sources.fetch.handlers.youtube_texts import youtube_error
from pentad.sources.fetch.jobs import Got, Job, Task
from pentad.sources.fetch.placing import Rules
from tests.sources.fetch.work import Outcomes, files, job, run_batch, task, write_clip

VIDEO_ID = "-abc_DEF123"


def program(folder: Path, body: str) -> str:
    """An executable in the place of yt-dlp; ``output`` is where it is told to write."""
    path = folder / "yt-dlp-of-the-tests"
    path.write_text(
        f"#!{sys.executable} -S\n"
        "import json, os, shutil, subprocess, sys, time\n"
        "arguments = sys.argv[1:]\n"
        "def after(name): return arguments[arguments.index(name) + 1]\n"
        "output = after('--output').replace('%(ext)s', 'mp4').replace('%%', '%')\n" + body
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def giving(folder: Path, clip: Path) -> str:
    log = folder / "calls.jsonl"
    return program(
        folder,
        f"open({str(log)!r}, 'a').write(json.dumps(arguments) + '\\n')\n"
        f"shutil.copyfile({str(clip)!r}, output)\n",
    )


def failing(folder: Path, text: str, code: int = 1) -> str:
    return program(folder, f"sys.stderr.write({text!r})\nsys.exit({code})\n")


def clip_job(number: int = 1, modality: str = "video", **fields: str) -> Job:
    known = {"youtube_id": VIDEO_ID, "start_time": "14", "end_time": "15.5", "file_name": "c.mp4"}
    known["target"] = "shared/video/c.mp4"
    return job(number, "VALOR", modality, **(known | fields))


def run(tasks: list[Task], yt_dlp: str, **options: object) -> Outcomes:
    given = YouTubeOptions(yt_dlp=yt_dlp, **options)  # type: ignore[arg-type]
    return run_batch(YouTubeBatch("VALOR", tasks, given, Rules("video"), lambda: False))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder / "both.mp4", 1.5)
    write_clip(folder / "silent.mp4", 1.5, audio=False)
    write_clip(folder / "sound.mp4", 1.5, video=False)
    write_clip(folder / "long.mp4", 6)
    (folder / "cut.mp4").write_bytes((folder / "both.mp4").read_bytes()[:600])
    (folder / "list.mp4").write_text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1.5,\n/etc/passwd\n")
    return folder


def test_a_segment_is_asked_for_and_checked(tmp_path: Path, clips: Path) -> None:
    out = tmp_path / "100% media"
    outcomes = run([task(out, clip_job())], giving(tmp_path, clips / "both.mp4"))
    got = outcomes.of[1]
    assert isinstance(got, Got)
    assert got.what == f"https://www.youtube.com/watch?v={VIDEO_ID}"
    assert files(out) == {"shared/video/c.mp4": (clips / "both.mp4").read_bytes()}
    assert [p.name for p in (out / "shared/video").iterdir()] == ["c.mp4"]
    (line,) = (tmp_path / "calls.jsonl").read_text().splitlines()
    arguments = json.loads(line)
    assert arguments[-2:] == ["--", got.what]
    assert arguments[arguments.index("--download-sections") + 1] == "*14-15.5"
    for flag in ("--force-keyframes-at-cuts", "--no-playlist", "--ignore-config"):
        assert flag in arguments
    for name in ("--socket-timeout", "--retries", "--format"):
        assert arguments[arguments.index(name) + 1]
    assert not any(flag.startswith("--cookies") for flag in arguments)


def test_the_tool_itself_understands_what_it_is_told(tmp_path: Path, clips: Path) -> None:
    import yt_dlp

    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File")
    tool = giving(tmp_path, clips / "both.mp4")
    run([task(tmp_path / "o", clip_job())], tool, cookies=cookies, arguments=("--limit-rate", "1M"))
    arguments = json.loads((tmp_path / "calls.jsonl").read_text())
    _, options, urls, _ = yt_dlp.parse_options(arguments)
    assert urls == [f"https://www.youtube.com/watch?v={VIDEO_ID}"]
    (section,) = options.download_ranges({}, None)
    assert (section["start_time"], section["end_time"]) == (14, 15.5)
    assert options.noplaylist
    assert options.socket_timeout == 20


def test_times_keep_their_digits(tmp_path: Path, clips: Path) -> None:
    times = {"start_time": "123456.25", "end_time": "123457.75"}
    run([task(tmp_path, clip_job(**times))], giving(tmp_path, clips / "both.mp4"))
    assert '"*123456.25-123457.75"' in (tmp_path / "calls.jsonl").read_text()


@pytest.mark.parametrize(
    ("clip", "reason"),
    [("long.mp4", "wrong-duration"), ("cut.mp4", "unusable"), ("list.mp4", "unusable"),
     ("sound.mp4", "missing-stream"), ("silent.mp4", "got")],
)  # fmt: skip
def test_what_came_must_be_the_clip(tmp_path: Path, clips: Path, clip: str, reason: str) -> None:
    outcomes = run([task(tmp_path / "out", clip_job())], giving(tmp_path, clips / clip))
    assert outcomes.reasons() == {1: reason}
    assert bool(files(tmp_path / "out")) is (reason == "got")


def test_a_clip_that_two_items_share_may_suit_one_of_them(tmp_path: Path, clips: Path) -> None:
    tasks = [task(tmp_path / "out", clip_job(1, "video"), clip_job(2, "audio"))]
    outcomes = run(tasks, giving(tmp_path, clips / "silent.mp4"))
    got = outcomes.of[2]
    assert isinstance(got, Got)
    assert {k[2]: e.reason.value for k, e in got.failed.items()} == {2: "missing-stream"}
    assert files(tmp_path / "out")
    both = run(tasks, giving(tmp_path, clips / "both.mp4")).of[2]
    assert isinstance(both, Got)
    assert not both.failed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ERROR: [youtube] x: Private video. Sign in if you've been granted access", "private"),
        ("ERROR: [youtube] x: Video unavailable", "gone"),
        ("ERROR: [youtube] x: Video unavailable. This video has been removed by the uploader",
         "gone"),
        ("ERROR: [youtube] x: This video is no longer available because the YouTube account "
         "associated with this video has been terminated.", "gone"),
        ("ERROR: [youtube] x: Sign in to confirm your age. This video may be inappropriate for "
         "some users. Use --cookies-from-browser or --cookies", "sign-in-needed"),
        ("ERROR: [youtube] x: Sign in to confirm you\u2019re not a bot. Use --cookies",
         "rate-limited"),
        ("ERROR: [youtube] x: HTTP Error 429: Too Many Requests", "rate-limited"),
        ("ERROR: [youtube] x: Video unavailable. The uploader has not made this video available "
         "in your country", "geo-blocked"),
        ("ERROR: [youtube] x: Join this channel to get access to members-only content", "private"),
        ("WARNING: [youtube] x: HTTP Error 429\nERROR: [youtube] x: Private video", "private"),
        ("ERROR: Unable to download webpage: timed out", "timeout"),
        ("ERROR: Unable to download webpage: [Errno -3] Temporary failure in name resolution",
         "connection-failed"),
        ("ERROR: You have requested downloading the video partially, but ffmpeg is not installed.",
         "tool-missing"),
        ("ERROR: Something new happened", "tool-failed"),
        ("", "tool-failed"),
        ("Traceback (most recent call last):\nKeyError: 'x'\n", "tool-failed"),
    ],
)  # fmt: skip
def test_what_the_tool_says_becomes_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    outcomes = run([task(tmp_path / "out", clip_job())], failing(tmp_path, text))
    assert outcomes.reasons() == {1: reason}
    assert files(tmp_path / "out") == {}


def test_success_without_a_file_is_a_failure(tmp_path: Path) -> None:
    assert run([task(tmp_path, clip_job())], failing(tmp_path, "", 0)).reasons() == {
        1: "tool-failed"
    }


def test_a_failed_tool_that_wrote_a_file_is_a_failure(tmp_path: Path, clips: Path) -> None:
    body = f"shutil.copyfile({str(clips / 'both.mp4')!r}, output)\nsys.exit(1)\n"
    outcomes = run([task(tmp_path / "out", clip_job())], program(tmp_path, body))
    assert outcomes.reasons() == {1: "tool-failed"}
    assert files(tmp_path / "out") == {}


def test_details_show_no_secrets() -> None:
    error = youtube_error("x", "ERROR: bad request, Cookie: SID=secret and --cookies /me/c.txt", 1)
    assert "secret" not in error.detail
    assert "/me/c.txt" not in error.detail


def test_a_tool_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    body = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "open(output + '.part', 'w').write('half')\n"
        "time.sleep(60)\n"
    )
    outcomes = run(
        [task(tmp_path / "out", clip_job())],
        program(tmp_path, body),
        seconds=0.4,
        seconds_per_second=0.0,
    )
    assert outcomes.reasons() == {1: "timeout"}
    assert files(tmp_path / "out") == {}
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert _ended(pid)


def _ended(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_stopping_ends_a_run(tmp_path: Path) -> None:
    stopped = threading.Event()
    options = YouTubeOptions(yt_dlp=program(tmp_path, "time.sleep(60)\n"))
    batch = YouTubeBatch(
        "VALOR", [task(tmp_path / "out", clip_job())], options, Rules(), stopped.is_set
    )
    threading.Timer(0.2, stopped.set).start()
    assert run_batch(batch).reasons() == {1: "canceled"}
    assert files(tmp_path / "out") == {}


def test_time_is_given_in_proportion_to_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def run_tool(command: object, folder: object, limits: Limits, stopped: object) -> None:
        given.append(limits.seconds)
        raise FetchError(FetchReason.TIMEOUT, "not done")

    monkeypatch.setattr("pentad.sources.fetch.handlers.youtube.run_tool", run_tool)
    run([task(tmp_path, clip_job())], "true", seconds=3.0, seconds_per_second=2.0)
    assert given == [6.0]


def test_cookies_are_given_as_a_copy_that_goes_away(tmp_path: Path, clips: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape\nsecret")
    body = (
        "given = after('--cookies')\n"
        f"assert given != {str(cookies)!r}\n"
        "assert os.stat(given).st_mode & 0o077 == 0\n"
        "open(given, 'a').write('written to')\n"
        f"shutil.copyfile({str(clips / 'both.mp4')!r}, output)\n"
    )
    outcomes = run([task(tmp_path / "o", clip_job())], program(tmp_path, body), cookies=cookies)
    assert outcomes.reasons() == {1: "got"}
    assert cookies.read_text() == "# Netscape\nsecret"
    assert len(files(tmp_path / "o")) == 1
    with pytest.raises(InputError, match=r"no such file of cookies"):
        run([], "x", cookies=tmp_path / "missing.txt")


def test_cookies_may_come_from_a_browser(tmp_path: Path, clips: Path) -> None:
    tool = giving(tmp_path, clips / "both.mp4")
    run([task(tmp_path / "o", clip_job())], tool, cookies_from_browser="firefox")
    assert '"--cookies-from-browser", "firefox"' in (tmp_path / "calls.jsonl").read_text()


@pytest.mark.parametrize(
    "fields",
    [
        {"youtube_id": ""}, {"youtube_id": "--exec=true"}, {"youtube_id": "../../../xx"},
        {"youtube_id": "abc&list=PL"}, {"youtube_id": "a" * 12}, {"start_time": ""},
        {"start_time": "x"}, {"start_time": "-1"}, {"end_time": "14"}, {"end_time": "nan"},
        {"end_time": "inf"}, {"end_time": "1e9"},
    ],
)  # fmt: skip
def test_rows_that_make_no_sense_run_nothing(
    tmp_path: Path, clips: Path, fields: dict[str, str]
) -> None:
    tool = giving(tmp_path, clips / "both.mp4")
    assert run([task(tmp_path / "o", clip_job(**fields))], tool).reasons() == {1: "bad-fields"}
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_tool_that_is_not_there_blames_no_item(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"pip install 'pentad\[download\]'") as error:
        run([task(tmp_path, clip_job())], "no-such-program")
    assert error.value.reason is FetchReason.TOOL_MISSING


def test_a_site_that_turns_everyone_away_is_left_in_peace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tool = failing(tmp_path, "ERROR: HTTP Error 429: Too Many Requests")
    tasks = [task(tmp_path / "o", clip_job(n, target=f"shared/video/{n}.mp4")) for n in range(20)]
    outcomes = run(tasks, tool, patience=3)
    assert outcomes.reasons() == {0: "rate-limited", 1: "rate-limited", 2: "rate-limited"}
    assert "VALOR: rate-limited; the rest is left for a later run" in caplog.text


def test_a_tool_that_lacks_a_part_is_not_asked_again(tmp_path: Path) -> None:
    tool = failing(tmp_path, "ERROR: ffmpeg is not installed. Aborting due to --abort-on-error")
    tasks = [task(tmp_path / "o", clip_job(n, target=f"v/{n}.mp4")) for n in range(5)]
    assert run(tasks, tool).reasons() == {0: "tool-missing"}


def test_what_a_killed_run_left_is_cleared(tmp_path: Path, clips: Path) -> None:
    left = tmp_path / "out/shared/video/.c.mp4.tmp"
    left.mkdir(parents=True)
    (left / "clip.mp4.part").write_bytes(b"half")
    (left / "clip.webm").write_bytes(b"old" * 1_000_000)
    run([task(tmp_path / "out", clip_job())], giving(tmp_path, clips / "both.mp4"))
    assert files(tmp_path / "out") == {"shared/video/c.mp4": (clips / "both.mp4").read_bytes()}
    assert not os.path.lexists(left)


def test_what_a_tool_leaves_running_is_ended_too(tmp_path: Path, clips: Path) -> None:
    body = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        f"shutil.copyfile({str(clips / 'both.mp4')!r}, output)\n"
    )
    assert run([task(tmp_path / "o", clip_job())], program(tmp_path, body)).reasons() == {1: "got"}
    assert _ended(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("where", ["sys.stderr", "open(output + '.part', 'w')"])
def test_a_tool_that_writes_without_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr("pentad.sources.fetch.handlers.youtube._MESSAGES", 1 << 20)
    body = f"out = {where}\nwhile True:\n    out.write('x' * 65536)\n    time.sleep(0.001)\n"
    given = YouTubeOptions(yt_dlp=program(tmp_path, body))
    rules = Rules("video", limit=1 << 20)
    batch = YouTubeBatch("VALOR", [task(tmp_path / "o", clip_job())], given, rules, lambda: False)
    assert run_batch(batch).reasons() == {1: "too-large"}
    assert files(tmp_path / "o") == {}


def test_cookies_that_go_away_meanwhile_are_told_in_one_line(tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("x")
    given = YouTubeOptions(yt_dlp=program(tmp_path, ""), cookies=cookies)
    batch = YouTubeBatch(
        "VALOR", [task(tmp_path / "o", clip_job())], given, Rules("video"), lambda: False
    )
    cookies.unlink()
    with pytest.raises(InputError, match="the cookies cannot be read"):
        run_batch(batch)
    assert files(tmp_path / "o") == {}


def test_a_full_disk_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pentad.sources.fetch.handlers.youtube.run_tool", full)
    with pytest.raises(StoreError, match="No space left on device"):
        run([task(tmp_path / "o", clip_job())], "true")
    assert files(tmp_path / "o") == {}


def test_a_tool_that_outlives_a_killed_run_writes_elsewhere(tmp_path: Path, clips: Path) -> None:
    """Each run has a folder of its own, whose name nobody knows before."""
    log = tmp_path / "folders"
    body = (
        f"open({str(log)!r}, 'a').write(output + '\\n')\n"
        f"shutil.copyfile({str(clips / 'both.mp4')!r}, output)\n"
    )
    for _ in range(2):
        run([task(tmp_path / "o", clip_job())], program(tmp_path, body))
    first, second = log.read_text().split()
    assert first != second
    assert Path(first).parent.parent == Path(second).parent.parent
