from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.encoders.onnx.encoder import load_onnx
from pentad.encoders.onnx.files import external_files
from tests.encoders import tiny_onnx
from tests.encoders.tiny_onnx import external_tensor, image_folder, message, model, node, value


def write(folder: Path, location: str) -> Path:
    nodes = [
        node("ReduceMean", ["x"], "means", axes=[2, 3], keepdims=0),
        node("MatMul", ["means", "big"], "feat"),
        node("MatMul", ["feat", "weights"], "logits"),
    ]
    data = model(
        nodes,
        [
            external_tensor("big", (3, 3), location),
            tiny_onnx.tensor("weights", tiny_onnx.CLASS_WEIGHTS),
        ],
        [value("x", ("n", 3, "h", "w"))],
        [value("feat", ("n", 3)), value("logits", ("n", 2))],
    )
    (folder / "model.onnx").write_bytes(data)
    return folder / "model.onnx"


def test_most_models_draw_on_no_other_file(tmp_path: Path) -> None:
    image_folder(tmp_path)
    assert external_files(tmp_path / "model.onnx") == ()


def test_weights_in_another_file_are_found_used_and_fingerprinted(tmp_path: Path) -> None:
    image_folder(tmp_path)
    weights = tmp_path / "weights.bin"
    weights.write_bytes((2 * np.eye(3, dtype=np.float32)).tobytes())
    assert external_files(write(tmp_path, "weights.bin")) == (weights,)
    first = load_onnx(tmp_path)
    weights.write_bytes((3 * np.eye(3, dtype=np.float32)).tobytes())
    assert load_onnx(tmp_path).fingerprint != first.fingerprint


def test_weights_outside_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    folder.mkdir()
    image_folder(folder)
    (tmp_path / "weights.bin").write_bytes(bytes(36))
    for place in ("../weights.bin", str(tmp_path / "weights.bin")):
        write(folder, place)
        with pytest.raises(InputError, match="outside its folder"):
            load_onnx(folder)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    image_folder(tmp_path)
    write(tmp_path, "weights.bin")
    with pytest.raises(InputError, match=r"not there; got weights\.bin"):
        load_onnx(tmp_path)


def test_weights_of_inner_graphs_are_found(tmp_path: Path) -> None:
    inner = message((5, external_tensor("deep", (1,), "deep.bin")))
    branch = message((1, ""), (4, "If"), (5, message((1, "then_branch"), (6, inner), (20, 5))))
    path = tmp_path / "model.onnx"
    path.write_bytes(model([branch], [], [], []))
    (tmp_path / "deep.bin").touch()
    assert external_files(path) == (tmp_path / "deep.bin",)


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    graph = b""
    for _ in range(40):
        graph = message((1, message((5, message((6, graph))))))
    path = tmp_path / "model.onnx"
    path.write_bytes(message((7, graph)))
    with pytest.raises(InputError, match="not an ONNX file"):
        external_files(path)


def test_other_kinds_of_field_are_stepped_over(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    head = bytes([50 << 3 & 0x7F | 1 | 0x80, 3, *range(8)]) + bytes(
        [51 << 3 & 0x7F | 5 | 0x80, 3, *range(4)]
    )
    path.write_bytes(head + message((7, message((2, "g")))))
    assert external_files(path) == ()
    path.write_bytes(bytes([1 << 3 | 3]))
    with pytest.raises(InputError, match="not an ONNX file"):
        external_files(path)
    for cut in (b"\x80", b"\xff" * 11, bytes([7 << 3 | 2, 9])):
        path.write_bytes(cut)
        with pytest.raises(InputError, match="not an ONNX file"):
            external_files(path)
    path.write_bytes(message((1, 8)))
    with pytest.raises(InputError, match="not an ONNX file"):
        external_files(path)
    with pytest.raises(InputError, match="cannot be read"):
        external_files(tmp_path / "absent.onnx")
