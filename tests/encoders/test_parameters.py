from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.bridge_map import BridgeMap, TextFrame
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.model import FrozenEncoder, Model
from pentad.encoders.onnx.initializers import count_initializers
from pentad.encoders.parameters import count_parameters, count_together
from pentad.encoders.points.multi_view import MultiView
from pentad.encoders.points.pointnet import untrained_pointnet
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.projection_head import ProjectionHead
from pentad.encoders.protocol import space_of
from pentad.encoders.registry import get_encoder
from pentad.encoders.wrap import as_encoder
from tests.encoders.tiny_onnx import message, text_folder


@pytest.fixture(scope="module")
def pointnet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pointnet")
    untrained_pointnet(folder, dim=16)
    return get_encoder(str(folder))


def test_descriptors_have_learned_nothing() -> None:
    assert count_parameters(get_encoder("hashed-text")) == 0
    assert count_parameters(MultiView(get_encoder("image-descriptor"))) == 0


def test_a_network_counts_each_number_once(pointnet: Any) -> None:
    widths = (6, 64, 128, 256, 1024)
    layers = [*pairwise(widths), (1024, 512), (512, 16)]
    assert count_parameters(pointnet) == sum(a * b + b for a, b in layers)
    assert count_together([pointnet, pointnet, get_encoder("hashed-text")]) == count_parameters(
        pointnet
    )


def test_numbers_shared_by_two_layers_count_once() -> None:
    import torch

    first, second = torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    module = torch.nn.Sequential(first, second)
    module.register_buffer("steps", torch.zeros(9))
    encoder: Any = SimpleNamespace(network=SimpleNamespace(module=module), fingerprint="x")
    assert count_parameters(encoder) == 16


def test_a_bare_object_is_not_known_unless_it_is_a_module() -> None:
    class Bare:
        def encode(self, inputs: list[Any]) -> Any:
            return np.zeros((len(inputs), 3), np.float32)

    class Odd(Bare):
        def parameters(self) -> int:
            return 3

    for bare in (Bare(), Odd()):
        wrapped = as_encoder(bare, name="bare", modality="text")
        assert count_parameters(wrapped) is None
        assert count_together([wrapped, get_encoder("hashed-text")]) is None


def test_an_encoder_may_say_it_itself() -> None:
    encoder: Any = SimpleNamespace(parameter_count=12, fingerprint="x")
    assert count_parameters(encoder) == 12
    assert count_together([]) == 0


def test_a_model_counts_what_stands_on_its_encoders(pointnet: Any) -> None:
    arrays = [np.zeros(shape, np.float32) for shape in ((16, 8), (8,), (8, 4), (4,))]
    head = ProjectionHead(*arrays)
    source = FrozenSource(space=space_of(pointnet), width=16)
    model = ProjectionModel(
        name="m", sources={Modality.POINTS: (source,)}, heads={Modality.POINTS: head}, dim=4
    )
    assert count_parameters(model) is None  # only the vectors of its encoder are known
    own = 16 * 8 + 8 + 8 * 4 + 4
    known = model.with_encoders({"points": pointnet})
    assert count_parameters(known) == own + (count_parameters(pointnet) or 0)


def test_a_bridge_counts_too() -> None:
    text = get_encoder("hashed-text")
    frame = TextFrame(
        center=np.zeros(1024), basis=np.zeros((2, 1024)), anchors={}, spaces=(), threshold=0.0
    )
    frozen = {Modality.TEXT: (FrozenEncoder.of("hashed-text", text),)}
    model = Model("m", frozen, BridgeMap(frame, {}), find=get_encoder)
    assert count_parameters(model) == 3 * 1024
    lost = Model("m", frozen, BridgeMap(frame, {}))
    assert count_parameters(lost) is None


def test_an_onnx_model_counts_its_initializers(tmp_path: Path) -> None:
    encoder: Any = get_encoder(str(text_folder(tmp_path)))
    assert count_parameters(encoder) == count_initializers(encoder.model_file) > 0


def tensor(dims: list[int], kind: int = 1, *, packed: bool = False) -> bytes:
    sizes = [(1, bytes(dims))] if packed else [(1, size) for size in dims]
    return message(*sizes, (2, kind), (8, "name"))


def test_initializers_of_all_graphs_count(tmp_path: Path) -> None:
    inner = message((5, tensor([5])))
    graph = message(
        (5, tensor([300, 40])),
        (5, tensor([7, 3], kind=10, packed=True)),
        (5, tensor([99], kind=7)),  # whole numbers of 64 bits: a shape, no weight
        (5, tensor([])),  # a single number
        (1, message((5, message((6, inner))))),
        (15, message((1, tensor([11])))),
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(message((1, 8), (7, graph)))
    assert count_initializers(path) == 12000 + 21 + 1 + 5 + 11


@pytest.mark.parametrize("content", [b"\xff" * 12, b"\x3a\x7f", b"\x3b", b"\x00\x01"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not an ONNX file"):
        count_initializers(path)
    with pytest.raises(InputError, match="cannot be read"):
        count_initializers(tmp_path / "absent.onnx")
