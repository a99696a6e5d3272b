from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import DecodeError, InputError, PentadError, Reason
from pentad.media import worker
from pentad.media.decode import decode
from pentad.media.types import Decoded, DecodeOptions
from pentad.media.worker import DecodePool, DecodeRequest
from tests.media.makers import EVERY_FILE, make

HOOK = "tests.media.hooks:decode"
SOURCE = str(Path(__file__).parents[2] / "src")


def run(*names: str, workers: int = 1, **limits: float) -> list[Decoded | DecodeError]:
    requests = [DecodeRequest(name, "image", seed=i) for i, name in enumerate(names)]
    with DecodePool(workers, decoder=HOOK, **limits) as pool:
        return list(pool.map(requests))


def outcome(result: Decoded | DecodeError) -> object:
    if isinstance(result, DecodeError):
        return result.reason
    values = (getattr(result, field.name) for field in fields(result))
    return [(v.dtype.str, v.tolist()) if isinstance(v, np.ndarray) else v for v in values]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie whose new parent has not reaped it yet is as dead as can be.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def until(condition: object, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.slow
def test_results_equal_those_of_decode_for_any_number_of_workers(tmp_path: Path) -> None:
    requests = []
    for modality, name in EVERY_FILE:
        options = DecodeOptions(image_side=16, sample_rate=8000, video_frames=3, points=50)
        requests.append(DecodeRequest(make(tmp_path, modality, name), modality, options, 7))
    requests.insert(3, DecodeRequest(tmp_path / "missing.png", "image"))
    here = []
    for request in requests:
        try:
            here.append(
                outcome(decode(request.path, request.modality, request.options, seed=request.seed))
            )
        except DecodeError as error:
            here.append(error.reason)
    for workers in (1, 3):
        with DecodePool(workers) as pool:
            assert [outcome(r) for r in pool.map(requests)] == here


def test_order_is_kept(tmp_path: Path) -> None:
    found = run(*(f"big-{i}" if i % 3 else f"ok-{i}" for i in range(20)), workers=3)
    assert [int(r.pixels[0, 0, 0]) for r in found] == list(range(20))


@pytest.mark.slow
def test_bad_files_are_refused_and_everything_else_goes_on() -> None:
    names = ["ok", "hang", "ok", "hog", "exit", "ok", "crash", "refuse", "error", "warn", "empty"]
    expected = {
        "hang": Reason.TIMEOUT, "hog": Reason.OUT_OF_MEMORY, "exit": Reason.WORKER_DIED,
        "crash": Reason.WORKER_DIED, "refuse": Reason.CORRUPT, "error": Reason.WORKER_DIED,
    }  # fmt: skip
    for workers in (1, 2):
        found = run(*names, workers=workers, timeout_s=5, memory_mb=300)
        for name, result in zip(names, found, strict=True):
            if name in expected:
                assert outcome(result) is expected[name]
            else:
                assert not isinstance(result, DecodeError)


def test_the_refusal_says_how_the_process_ended() -> None:
    found = [str(r) for r in run("exit", "crash")]
    assert "exit code 3" in found[0]
    assert "SIGSEGV" in found[1]


def test_a_file_is_not_blamed_for_what_an_earlier_one_left_behind() -> None:
    assert [outcome(r) for r in run("ok", "second", "second")] == [
        [("|u1", [[[i] * 3] * 2] * 2)] for i in range(3)
    ]


def test_a_process_deaf_to_signals_is_killed() -> None:
    found = run("stuck", "ok", timeout_s=0.5)
    assert outcome(found[0]) is Reason.TIMEOUT
    assert not isinstance(found[1], DecodeError)


def test_processes_are_replaced_after_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_FILES_PER_PROCESS", 2)
    pids = [r.pixels.tobytes() for r in run(*["pid"] * 6)]
    assert [pids.index(p) for p in pids] == [0, 0, 2, 2, 4, 4]


def test_requests_are_read_no_further_than_needed() -> None:
    taken = 0

    def requests() -> Iterator[DecodeRequest]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield DecodeRequest("ok", "image")

    with DecodePool(2, decoder=HOOK) as pool:
        results = pool.map(requests())
        for given in range(1, 20):
            next(results)
            assert taken < given + 2 * worker._AHEAD_PER_WORKER
        results.close()
        assert len(list(pool.map([DecodeRequest("ok", "image")] * 3))) == 3


def test_errors_of_the_requests_reach_the_caller() -> None:
    def requests() -> Iterator[DecodeRequest]:
        yield DecodeRequest("ok", "image")
        raise KeyError("no more")

    with DecodePool(decoder=HOOK) as pool, pytest.raises(KeyError):
        list(pool.map(requests()))


def test_closing_leaves_no_process_thread_or_open_file() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    threads = threading.active_count()
    with DecodePool(2, decoder=HOOK) as pool:
        pids = [_pid(r) for r in pool.map([DecodeRequest("pid", "image")] * 6)]
        results = pool.map([DecodeRequest("hang", "image")] * 4)
        ended: list[type[Exception]] = []
        waiting = threading.Thread(target=_wait, args=(results, ended))
        waiting.start()
        time.sleep(0.2)
    waiting.join()
    assert ended == [InputError]
    assert not any(alive(pid) for pid in pids)
    assert threading.active_count() == threads
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(pids[0], os.WNOHANG)
    with pytest.raises(InputError, match="closed"):
        list(pool.map([DecodeRequest("ok", "image")]))
    pool.close()


def _wait(results: Iterator[Decoded | DecodeError], ended: list[type[Exception]]) -> None:
    try:
        next(results)
    except InputError as error:
        ended.append(type(error))


def _pid(result: Decoded | DecodeError) -> int:
    return int(result.pixels.view(np.int32)[0])


@pytest.mark.parametrize("then", ["hang", "ok"])
def test_workers_go_when_their_parent_is_killed(tmp_path: Path, then: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from pentad.media.worker import DecodePool, DecodeRequest
        pool = DecodePool(2, decoder={HOOK!r})
        for result in pool.map([DecodeRequest("pid", "image")] * 8):
            print(int.from_bytes(result.pixels.tobytes(), "little"), flush=True)
        print("done", flush=True)
        results = pool.map([DecodeRequest({then!r}, "image")] * 20)
        next(results)
        time.sleep(3600)
        """)
    )
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=_environment())
    with parent:
        pids = {int(line) for line in iter(parent.stdout.readline, b"done\n")}
        assert pids
        assert all(alive(pid) for pid in pids)
        parent.send_signal(signal.SIGKILL)
    assert until(lambda: not any(alive(pid) for pid in pids))


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    path = make(tmp_path, "image", "a.png")
    script = tmp_path / "script.py"
    script.write_text(
        "from pentad.media.worker import DecodePool, DecodeRequest\n"
        "print('once')\n"
        "with DecodePool(2) as pool:\n"
        f"    for r in pool.map([DecodeRequest({str(path)!r}, 'image')] * 3):\n"
        "        print(r.pixels.shape)\n"
    )
    # A module beside the script, named like one that the decoder needs, is not its business.
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=_environment(), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n") == ["once", *["(40, 60, 3)"] * 3, ""]
    assert done.stderr == ""


def test_an_unclosed_pool_does_not_keep_a_script_from_ending(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "from pentad.media.worker import DecodePool, DecodeRequest\n"
        "pool = DecodePool(2)\n"
        "print(next(pool.map([DecodeRequest('none.png', 'image')] * 9)).reason)\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], env=_environment(), capture_output=True,
        text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "missing-file\n"


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([SOURCE, str(Path(SOURCE).parent)])}


def test_relative_paths_and_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "image", "a.png").rename(tmp_path / os.fsdecode(b"\xff\n a picture.png"))
    monkeypatch.chdir(tmp_path)
    with DecodePool() as pool:
        (found,) = pool.map([DecodeRequest(os.fsdecode(b"\xff\n a picture.png"), "image")])
    assert not isinstance(found, DecodeError)


def test_a_decoder_that_cannot_start_is_no_files_fault() -> None:
    with DecodePool(decoder="tests.media.no_such_module:decode") as pool:
        with pytest.raises(PentadError, match="did not start") as failure:
            list(pool.map([DecodeRequest("a.png", "image")]))
        assert not isinstance(failure.value, DecodeError)


def test_a_decoder_package_that_cannot_be_imported_is_no_files_fault() -> None:
    with pytest.raises(PentadError, match="soundfile") as failure:
        run("broken")
    assert not isinstance(failure.value, DecodeError)


def test_memory_is_limited_for_real_files_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((3_000_000, 6), "f4"))
    with DecodePool(memory_mb=60) as pool:
        (found,) = pool.map([DecodeRequest(tmp_path / "a.npy", "points")])
    assert outcome(found) is Reason.OUT_OF_MEMORY


@pytest.mark.parametrize("limits", [{"workers": 0}, {"timeout_s": 0}, {"memory_mb": 0}])
def test_impossible_limits(limits: dict[str, int]) -> None:
    with pytest.raises(InputError):
        DecodePool(**limits)


def test_captions_are_not_decoded() -> None:
    with DecodePool() as pool, pytest.raises(InputError):
        list(pool.map([DecodeRequest("a.txt", "text")]))
