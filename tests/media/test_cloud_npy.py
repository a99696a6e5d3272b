"""Pickled clouds are read, and nothing in them is ever run."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import DecodeError, InputError, Reason
from pentad.media import tame_pickle
from pentad.media.cloud_npy import UNCOLORED, convert_cloud, convert_folder, read_cloud
from pentad.media.decode import decode
from pentad.media.tame_arrays import RawArray
from pentad.media.tame_pickle import read_pickled_dict

XYZ = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
RGB = np.random.default_rng(1).random((50, 3)).astype(np.float32)


def boxed(value: object) -> np.ndarray:
    """Return ``value`` as numpy wraps what it saves."""
    box = np.empty((), dtype=object)
    box[()] = value
    return box


def save(path: Path, value: object, protocol: int | None = None) -> Path:
    """Write what `numpy.save` writes, in one protocol of pickle or in numpy's own choice."""
    stream = io.BytesIO()
    np.save(stream, boxed(value), allow_pickle=True)
    if protocol is not None:
        header = stream.getvalue()[:128]
        stream = io.BytesIO(header + pickle.dumps(boxed(value), protocol=protocol))
    path.write_bytes(stream.getvalue())
    return path


def write(path: Path, pickled: bytes) -> Path:
    """Write a file of numpy's with this pickle in it."""
    stream = io.BytesIO()
    np.save(stream, boxed(None), allow_pickle=True)
    path.write_bytes(stream.getvalue()[:128] + pickled)
    return path


def reason(path: Path) -> Reason:
    with pytest.raises(DecodeError) as refusal:
        read_cloud(path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(DecodeError) as again:
        decode(path, "points")
    assert again.value.reason is refusal.value.reason
    return refusal.value.reason


# --------------------------------------------------------------------------------------- benign


@pytest.mark.parametrize("protocol", [None, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_writes_is_read(tmp_path: Path, protocol: int, dtype: str, order: str) -> None:
    value = {"xyz": np.asarray(XYZ, dtype, order=order), "rgb": np.asarray(RGB, dtype, order=order)}
    xyz, rgb = read_cloud(save(tmp_path / "a.npy", value, protocol))
    assert rgb is not None
    assert (xyz.dtype, rgb.dtype) == (np.float32, np.float32)
    assert np.array_equal(xyz, value["xyz"].astype(np.float32))
    assert np.array_equal(rgb, value["rgb"].astype(np.float32))


@pytest.mark.parametrize("protocol", [None, 2, 3, 4, 5])
def test_what_lies_beside_the_points_is_passed_over(tmp_path: Path, protocol: int) -> None:
    feature = np.ones(1280, np.float16)
    value = {
        "dataset": "Objaverse",
        "id": "0" * 32,
        "xyz": XYZ,
        "rgb": (RGB * 255).astype(np.uint8),
        "features": feature,
        "text": ["a chair", "Stühle"],
        "text_feat": [{"original": feature, "prompt_avg": feature}, {}],
        "names": np.array(["chair", "seat"]),
        "flags": np.array([True, False]),
        "score": np.float32(0.25),
        "numbers": (1, -1, 70_000, 2**40, 0.5, None, True, b"", b"x", ()),
    }
    xyz, rgb = read_cloud(save(tmp_path / "a.npy", value, protocol))
    assert np.array_equal(xyz, XYZ)
    assert rgb is not None
    assert np.allclose(rgb, (RGB * 255).astype(np.uint8) / 255)


def test_names_of_both_generations_of_numpy_are_known() -> None:
    data = pickle.dumps(boxed({"xyz": XYZ}), protocol=2)
    old = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    for each in (data, old):
        found = read_pickled_dict(each)["xyz"]
        assert isinstance(found, RawArray)
        assert np.array_equal(found.numpy(), XYZ)


def test_what_python_2_wrote_is_read() -> None:
    bits = XYZ.tobytes()
    rest = b"NNNJ" + b"\xff" * 4 + b"J" + b"\xff" * 4
    dtype = b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<" + rest + b"K\x00tb"
    blank = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    text = b"T" + len(bits).to_bytes(4, "little") + bits
    inner = blank + b"(K\x01K\x32K\x03\x86" + dtype + b"\x89" + text + b"tb"
    objects = b"cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R(K\x03U\x01|" + rest + b"K?tb"
    outer = blank + b"(K\x01)" + objects + b"\x89]}U\x03xyz" + inner + b"satb"
    assert np.array_equal(read_pickled_dict(b"\x80\x02" + outer + b".")["xyz"].numpy(), XYZ)


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("dtype", ["f4", "f2"])
def test_colours_come_out_between_0_and_1(tmp_path: Path, scale: int, dtype: str) -> None:
    rgb = (RGB * scale).astype(dtype)
    found = read_cloud(save(tmp_path / "a.npy", {"xyz": XYZ, "rgb": rgb}))[1]
    assert found is not None
    assert 0 <= found.min() < 0.1
    assert 0.9 < found.max() <= 1
    assert np.allclose(found, RGB, atol=2e-3)


def test_plain_rows_are_read_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.hstack([XYZ, RGB]))
    xyz, rgb = read_cloud(tmp_path / "a.npy")
    assert np.array_equal(xyz, XYZ)
    assert np.array_equal(rgb, RGB)
    np.save(tmp_path / "b.npy", XYZ.astype(np.float64))
    xyz, rgb = read_cloud(tmp_path / "b.npy")
    assert xyz.dtype == np.float32
    assert rgb is None


def test_decoding_takes_pickled_clouds(tmp_path: Path) -> None:
    found = decode(save(tmp_path / "a.npy", {"xyz": XYZ, "rgb": RGB}), "points")
    assert np.array_equal(found.xyz, XYZ)
    assert np.array_equal(found.rgb, np.rint(RGB.astype(np.float64) * 255).astype(np.uint8))
    assert decode(save(tmp_path / "b.npy", {"xyz": XYZ}), "points").rgb is None


# -------------------------------------------------------------------------------------- hostile


class Caller:
    """Unpickling one of these would call something."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


class Stateful:
    def __reduce__(self) -> Any:
        return Caller, (print,), {"call": "x"}


def attacks(trace: Path) -> dict[str, object]:
    """Return values whose unpickling would leave a file behind or do other harm."""
    touch = f"touch {trace}"
    system = Caller(os.system, touch)
    script = Caller(eval, f"open({str(trace)!r}, 'w')")
    objects = np.array([system, None], dtype=object)
    return {
        "system": system,
        "eval": script,
        "exec": Caller(exec, f"open({str(trace)!r}, 'w')"),
        "import": Caller(__import__, "antigravity"),
        "getattr": Caller(getattr, "x", "upper"),
        "in a value": {"xyz": XYZ, "rgb": RGB, "extra": system},
        "as the points": {"xyz": script},
        "as a key": {system: 1, "xyz": XYZ},
        "in a list": {"xyz": XYZ, "text": [["a", ("b", script)]]},
        "an array of objects": {"xyz": XYZ, "names": objects},
        "an empty array of objects": {"xyz": XYZ, "names": np.empty(0, object)},
        "a harmless array of objects": {"xyz": np.array([["a", 1, None]], dtype=object)},
        "bytearray": {"xyz": XYZ, "b": Caller(bytearray, 10**12)},
        "bytes": {"xyz": XYZ, "b": Caller(bytes, 10**12)},
        "codec": {"xyz": XYZ, "b": Caller(__import__("_codecs").encode, "x", "rot13")},
        "another array": {"xyz": XYZ, "b": Caller(np.zeros, 10**12)},
        "load": {"xyz": XYZ, "b": Caller(np.load, "x.npy", None, True)},
        "a class": {"xyz": XYZ, "b": Path},
        "state": {"xyz": XYZ, "b": Stateful()},
        "a record": {"xyz": XYZ, "b": np.zeros(2, [("a", "f4"), ("b", "O")])},
        "dates": {"xyz": XYZ, "b": np.zeros(2, "M8[s]")},
        "a set": {"xyz": XYZ, "b": {1, 2}},
        "a masked array": {"xyz": np.ma.masked_array(XYZ, XYZ > 0)},
        "a matrix": {"xyz": XYZ.view(np.matrix)},
        "a complex number": {"xyz": XYZ, "b": 1j},
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", attacks(Path()))
def test_nothing_is_run(tmp_path: Path, name: str, protocol: int) -> None:
    trace = tmp_path / "trace"
    path = save(tmp_path / "a.npy", attacks(trace)[name], protocol)
    assert reason(path) is Reason.UNSUPPORTED
    assert not trace.exists()


@pytest.mark.parametrize("protocol", [0, 1])
def test_the_oldest_protocols_are_refused(tmp_path: Path, protocol: int) -> None:
    for value in ({"xyz": XYZ}, attacks(tmp_path / "trace")["system"]):
        assert reason(save(tmp_path / "a.npy", value, protocol)) is Reason.UNSUPPORTED
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("pickled", "expected"),
    [
        (b"", Reason.TRUNCATED),
        (b"\x80\x04", Reason.TRUNCATED),
        (b"\x80\x04.", Reason.CORRUPT),
        (b"\x80\x04N.", Reason.UNSUPPORTED),
        (b"\x80\x06N.", Reason.UNSUPPORTED),
        (b"\x80\xff", Reason.UNSUPPORTED),
        (b"\x80\x04\xff", Reason.CORRUPT),
        (b"N.", Reason.UNSUPPORTED),
        (b"\x80\x04(.", Reason.UNSUPPORTED),
        (b"\x80\x04t.", Reason.CORRUPT),
        (b"\x80\x04(\x85.", Reason.CORRUPT),
        (b"\x80\x04R.", Reason.CORRUPT),
        (b"\x80\x04\x93.", Reason.CORRUPT),
        (b"\x80\x04NN\x93.", Reason.UNSUPPORTED),
        (b"\x80\x04h\x07.", Reason.CORRUPT),
        (b"\x80\x04\x94.", Reason.CORRUPT),
        (b"\x80\x04(\x94.", Reason.CORRUPT),
        (b"\x80\x04}Ns.", Reason.CORRUPT),
        (b"\x80\x04}(Nu.", Reason.CORRUPT),
        (b"\x80\x04}NNs.", Reason.UNSUPPORTED),
        (b"\x80\x04NNa.", Reason.UNSUPPORTED),
        (b"\x80\x04NNNs.", Reason.UNSUPPORTED),
        (b"\x80\x04NNb.", Reason.UNSUPPORTED),
        (b"\x80\x04cos\nsystem\n.", Reason.UNSUPPORTED),
        (b"\x80\x04ios\nsystem\n.", Reason.UNSUPPORTED),
        (b"\x80\x04(cos\nsystem\nU\x02lso.", Reason.UNSUPPORTED),
        (b"\x80\x04cnumpy\ndtype.os\n.", Reason.UNSUPPORTED),
        (b"\x80\x04cnumpy\nndarray\n)\x81.", Reason.UNSUPPORTED),
        (b"\x80\x04\x82\x01.", Reason.UNSUPPORTED),
        (b"\x80\x04Pid\n.", Reason.UNSUPPORTED),
        (b"\x80\x05\x97.", Reason.UNSUPPORTED),
        (b"\x80\x04I" + b"9" * 9000 + b"\n.", Reason.CORRUPT),
        (b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"abc", Reason.TRUNCATED),
        (b"\x80\x05\x96" + b"\xff" * 8 + b"abc", Reason.CORRUPT),
        (b"\x80\x04\x8d" + (1 << 40).to_bytes(8, "little"), Reason.TRUNCATED),
        (b"\x80\x04\x95" + b"\xff" * 8 + b"N.", Reason.UNSUPPORTED),
        (b"\x80\x02T\xff\xff\xff\xffabc", Reason.CORRUPT),
    ],
)
def test_hand_made_opcodes(tmp_path: Path, pickled: bytes, expected: Reason) -> None:
    assert reason(write(tmp_path / "a.npy", pickled)) is expected


def plain(header: str, version: tuple[int, int] = (1, 0)) -> bytes:
    """A file of numpy's with this header, and 24 numbers."""
    text = header.encode("latin-1")
    size = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + size + text + np.ones(24, np.float32).tobytes()


def described(shape: str, kind: str = "'<f4'", columns: bool = False) -> str:
    return f"{{'descr': {kind}, 'fortran_order': {columns}, 'shape': {shape}}}"


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), (9, 9)])
@pytest.mark.parametrize(
    "header",
    [
        "", "\0", "'''", "{'descr': '<f4', 'shape': (3,", "\t{'a\n 1", "{[]: 1}",
        "{1: 2, 'a': 3}", "-" * 5000 + "1", "(" * 5000, "[" * 9000, "1+" * 4000 + "1", "a" * 60_000,
        described(f"({10**30}, 3)"), described(f"({2**62}, 3)"), described(f"({10**15}, 3)"),
        described("(-1, 3)"), described("(True, 3)"), described("(4.0, 3)"),
        described("(10**9, 3)"),
        described(f"({10**15}, 3)", "'|V0'"), described(f"({10**15}, 3)", "'<U0'"),
        described("(1, 3)", "'O'"), described("(3,)", "[('a', 'O')]"), described("(1, 3)", "None"),
        described("(1,)", "('<f4', (99999999999,))"), described("(1, 3)", "'<V99999999999999'"),
        described("(1,)", "[('f', '<f4'), ('f', '<f4')]"), described("(1,)", "[('f',)]"),
        described("(1, 3)", "'M8[s]'"), described("(1, 3)", "'f4,f4'"),
        described("(1, 3)", "',f4'"),
        described("(4, 3)", "__import__('os').system('x')"), described("(" + "1, " * 70 + "3)"),
        described("(4, 3)") + " " * 20_000,
    ],
)  # fmt: skip
def test_headers_that_lie(tmp_path: Path, header: str, version: tuple[int, int]) -> None:
    """A header is Python's source code to numpy, which raises whatever its parser raises."""
    (tmp_path / "a.npy").write_bytes(plain(header, version))
    reason(tmp_path / "a.npy")


def test_changed_headers_never_do_more_than_refuse(tmp_path: Path) -> None:
    good, chance = plain(described("(8, 3)") + "\n"), np.random.default_rng(0)
    refused = 0
    for _ in range(1500):
        changed = bytearray(good)
        for _ in range(chance.integers(1, 4)):
            changed[chance.integers(70)] = chance.integers(256)
        (tmp_path / "a.npy").write_bytes(changed)
        try:
            read_cloud(tmp_path / "a.npy")
        except DecodeError:
            refused += 1
    assert refused > 1000


def test_plain_rows_may_lie_column_by_column(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(np.hstack([XYZ, RGB])))
    xyz, rgb = read_cloud(tmp_path / "a.npy")
    assert np.array_equal(xyz, XYZ)
    assert np.array_equal(rgb, RGB)


def test_every_shorter_file_is_refused(tmp_path: Path) -> None:
    data = save(tmp_path / "a.npy", {"xyz": XYZ[:4], "rgb": RGB[:4]}).read_bytes()
    for length in range(1, len(data)):
        (tmp_path / "a.npy").write_bytes(data[:length])
        expected = {Reason.TRUNCATED, Reason.CORRUPT}
        if length < 128:  # of numpy's header is too little left to tell
            expected.add(Reason.UNSUPPORTED)
        assert reason(tmp_path / "a.npy") in expected


def test_changed_bytes_never_do_more_than_refuse(tmp_path: Path) -> None:
    data = pickle.dumps(boxed({"xyz": XYZ[:4], "rgb": RGB[:4]}), protocol=4)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(3000):
        changed = bytearray(data)
        changed[rng.integers(len(data))] = rng.integers(256)
        try:
            read_pickled_dict(bytes(changed))
        except DecodeError:
            refused += 1
    assert refused > 1000


def test_lists_that_hold_themselves_many_times_cost_nothing(tmp_path: Path) -> None:
    doubling = b"\x80\x04]\x94" + b"".join(
        b"](h" + bytes([i]) + b"h" + bytes([i]) + b"e\x94" for i in range(200)
    )
    assert reason(write(tmp_path / "a.npy", doubling + b"0.")) is Reason.UNSUPPORTED
    tuples = b"\x80\x04)\x94" + b"".join(
        b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(200)
    )
    # As a key its hash would take 2 ** 200 steps.
    as_key = tuples.replace(b"\x80\x04", b"\x80\x04}\x94", 1) + b"Ns."
    assert reason(write(tmp_path / "a.npy", as_key)) is Reason.UNSUPPORTED


@pytest.mark.parametrize("wrap", [b"\x85", b"]\x94\x8c\x01a\x86", b"\x86"])
def test_values_deep_inside_one_another(tmp_path: Path, wrap: bytes) -> None:
    """Tuples of tuples, as deep as the steps allow."""
    reason(write(tmp_path / "a.npy", b"\x80\x04" + b"N" * 30_000 + wrap * 20_000 + b"."))


def test_endless_opcodes_end(tmp_path: Path) -> None:
    pickled = b"\x80\x04" + b"N" * (tame_pickle.MAX_STEPS + 1) + b"."
    assert reason(write(tmp_path / "a.npy", pickled)) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "state",
    [
        (1, (50, 4), False),
        (1, (-50, -3), False),
        (1, (10**30,), False),
        (1, (50, "3"), False),
        (1, (True, 3), False),
        (1, (1,) * 40, False),
        (2, (50, 3), False),
        (1, [50, 3], False),
        (1, (50, 3), 0.5),
    ],
)
def test_arrays_that_do_not_fit_their_bytes(state: tuple[Any, ...]) -> None:
    class Odd:
        def __reduce__(self) -> Any:
            function, arguments, (*_, dtype, _, data) = XYZ.__reduce__()
            return function, arguments, (*state[:2], dtype, state[2], data)

    with pytest.raises(DecodeError):
        read_pickled_dict(pickle.dumps(boxed({"xyz": Odd()}), protocol=4))


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.npy", {"xyz": XYZ})
    monkeypatch.setattr("pentad.media.geometry.MAX_POINTS", 49)
    assert reason(path) is Reason.TOO_LARGE
    monkeypatch.setattr("pentad.media.geometry.MAX_POINTS", 50)
    monkeypatch.setitem(__import__("pentad").media.files.MAX_FILE_BYTES, "points", 500)
    assert reason(path) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"rgb": RGB}, Reason.UNSUPPORTED),
        ({}, Reason.UNSUPPORTED),
        ([XYZ], Reason.UNSUPPORTED),
        (XYZ.tolist(), Reason.UNSUPPORTED),
        ({"xyz": XYZ.tolist()}, Reason.UNSUPPORTED),
        ({"xyz": XYZ.T}, Reason.UNSUPPORTED),
        ({"xyz": XYZ.ravel()}, Reason.UNSUPPORTED),
        ({"xyz": XYZ > 0}, Reason.UNSUPPORTED),
        ({"xyz": XYZ.astype(str)}, Reason.UNSUPPORTED),
        ({"xyz": XYZ[:0]}, Reason.EMPTY),
        ({"xyz": XYZ, "rgb": RGB[:9]}, Reason.CORRUPT),
        ({"xyz": XYZ, "rgb": RGB[:, :1]}, Reason.UNSUPPORTED),
        ({"xyz": XYZ * np.nan}, Reason.NON_FINITE),
        ({"xyz": XYZ.astype(np.float64) * 1e300}, Reason.NON_FINITE),
        ({"xyz": XYZ, "rgb": RGB * np.inf}, Reason.NON_FINITE),
    ],
)
def test_what_is_no_cloud(tmp_path: Path, value: object, expected: Reason) -> None:
    assert reason(save(tmp_path / "a.npy", value)) is expected


def test_files_that_are_not_there_or_empty(tmp_path: Path) -> None:
    assert reason(tmp_path / "a.npy") is Reason.MISSING_FILE
    (tmp_path / "a.npy").touch()
    assert reason(tmp_path / "a.npy") is Reason.EMPTY_FILE


# ------------------------------------------------------------------------------------ conversion


def test_a_converted_cloud_is_plain_rows(tmp_path: Path) -> None:
    convert_cloud(save(tmp_path / "a.npy", {"xyz": XYZ, "rgb": RGB}), tmp_path / "to" / "a.npy")
    found = np.load(tmp_path / "to" / "a.npy", allow_pickle=False)
    assert (found.dtype, found.shape) == (np.float32, (50, 6))
    assert np.array_equal(found, np.hstack([XYZ, RGB]))


def test_points_without_colour_become_grey(tmp_path: Path) -> None:
    convert_cloud(save(tmp_path / "a.npy", {"xyz": XYZ}), tmp_path / "a.npy")
    found = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert np.array_equal(found[:, :3], XYZ)
    assert (found[:, 3:] == np.float32(UNCOLORED)).all()


def test_a_refused_cloud_leaves_nothing(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npy", attacks(tmp_path / "trace")["system"])
    before = path.read_bytes()
    with pytest.raises(DecodeError):
        convert_cloud(path, tmp_path / "b.npy")
    with pytest.raises(DecodeError):
        convert_cloud(path, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npy"]


def test_a_folder_is_converted_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clouds = tmp_path / "clouds"
    clouds.mkdir()
    for name in ("a", "b", "c"):
        save(clouds / f"{name}.npy", {"xyz": XYZ, "rgb": RGB})
    (clouds / "d.npy").write_bytes(b"nothing")
    (clouds / "note.txt").write_text("not a cloud")
    first = convert_folder(clouds, tmp_path / "plain")
    assert (first.converted, first.kept) == (3, 0)
    assert [name for name, _ in first.refused] == ["d.npy"]
    assert "d.npy: not converted" in caplog.text
    (tmp_path / "plain" / "b.npy").unlink()
    again = convert_folder(clouds, tmp_path / "plain")
    assert (again.converted, again.kept) == (1, 2)
    save(clouds / "c.npy", {"xyz": XYZ * 2})
    later = (clouds / "c.npy").stat().st_mtime_ns + 10**9
    os.utime(clouds / "c.npy", ns=(later, later))
    assert convert_folder(clouds, tmp_path / "plain").converted == 1
    assert np.array_equal(np.load(tmp_path / "plain" / "c.npy")[:, :3], XYZ * 2)


def test_a_folder_is_converted_in_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / f"{name}.npy", {"xyz": XYZ, "rgb": RGB})
    assert convert_folder(tmp_path).converted == 2
    assert convert_folder(tmp_path).kept == 2
    assert np.load(tmp_path / "a.npy").shape == (50, 6)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        convert_folder(tmp_path / "none")
