"""Writes very small ONNX files by hand, so that tests need neither weights nor the onnx package.

The numbers are field numbers of onnx.proto; a message is a list of (field, value) pairs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int32): 6, np.dtype(np.int64): 7}
Field = tuple[int, Any]


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(*fields: Field) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(data)) + data
    return out


def tensor(name: str, array: np.ndarray[Any, Any]) -> bytes:
    dims = [(1, size) for size in array.shape]
    return message(*dims, (2, _TYPES[array.dtype]), (8, name), (9, array.tobytes()))


def external_tensor(name: str, shape: Sequence[int], location: str) -> bytes:
    entry = message((1, "location"), (2, location))
    return message(*[(1, size) for size in shape], (2, 1), (8, name), (13, entry), (14, 1))


def value(name: str, shape: Sequence[int | str], dtype: Any = np.float32) -> bytes:
    dims = [(1, message((2, d) if isinstance(d, str) else (1, d))) for d in shape]
    kind = message((1, message((1, _TYPES[np.dtype(dtype)]), (2, message(*dims)))))
    return message((1, name), (2, kind))


def node(op: str, inputs: Sequence[str], output: str, **attributes: int | list[int]) -> bytes:
    found = []
    for name, content in attributes.items():
        if isinstance(content, int):
            found.append(message((1, name), (3, content), (20, 2)))
        else:
            found.append(message((1, name), *[(8, i) for i in content], (20, 7)))
    return message(
        *[(1, i) for i in inputs], (2, output), (4, op), *[(5, attribute) for attribute in found]
    )


def model(
    nodes: Sequence[bytes],
    tensors: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
) -> bytes:
    graph = message(
        *[(1, n) for n in nodes],
        (2, "tiny"),
        *[(5, t) for t in tensors],
        *[(11, i) for i in inputs],
        *[(12, o) for o in outputs],
    )
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 17))))


def write_card(folder: Path, values: dict[str, Any], preprocess: dict[str, Any]) -> Path:
    """Write card.toml, leaving out what is None; JSON of plain values is TOML, too."""
    lines = [f"{key} = {json.dumps(v)}" for key, v in values.items() if v is not None]
    lines.append("[preprocess]")
    lines += [f"{key} = {json.dumps(v)}" for key, v in preprocess.items() if v is not None]
    (folder / "card.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


COMMON = {"file": "model.onnx", "normalize": "l2", "licence": "CC0", "source": "tests"}

# Token vectors: [UNK], red, ball, blue
TABLE = np.array([[0, 0, 1], [1, 0, 0], [0, 2, 0], [-1, 0, 1]], dtype=np.float32)
TEXT = COMMON | {
    "name": "tiny-text",
    "modality": "text",
    "tokenizer": "tokenizer.json",
    "inputs": ["input_ids", "attention_mask"],
    "output": "states",
    "dim": 3,
    "pooling": "mean",
}
TEXT_PREPROCESS = {"max_tokens": 4, "add_special_tokens": False, "pad_id": 0, "lowercase": True}

IMAGE = COMMON | {
    "name": "tiny-image",
    "modality": "image",
    "inputs": ["x"],
    "output": "feat",
    "dim": 3,
    "pooling": "global average, inside the graph",
    "classes": "classes.txt",
    "class_output": "logits",
    "class_activation": "softmax",
}
IMAGE_PREPROCESS = {
    "color": "RGB",
    "size": 4,
    "resize": "fit",
    "pad": "center",
    "pad_value": 255,
    "mean": [127.0, 127.0, 127.0],
    "std": [128.0, 128.0, 128.0],
    "layout": "NCHW",
    "video_frames": 2,
    "point_views": 3,
}
CLASS_WEIGHTS = np.array([[1, 0], [0, 1], [2, -1]], dtype=np.float32)

AUDIO = COMMON | {
    "name": "tiny-audio",
    "modality": "audio",
    "inputs": ["audio"],
    "output": "embedding",
    "dim": 4,
    "pooling": "mean",
    "classes": "classes.txt",
    "class_output": "scores",
    "class_activation": "sigmoid",
    "class_pooling": "mean",
}
AUDIO_PREPROCESS = {
    "sample_rate": 800,
    "window": "hann_periodic",
    "window_samples": 20,
    "hop_samples": 10,
    "fft_size": 32,
    "spectrum": "magnitude",
    "pad_frames": "none",
    "mel_bands": 4,
    "mel_formula": "htk",
    "mel_min_hz": 20.0,
    "mel_max_hz": 400.0,
    "mel_triangles": "linear in mel, height 1, no area normalisation; bin 0 is zero",
    "log": "ln",
    "log_offset": 0.01,
    "patch_frames": 6,
    "patch_hop_frames": 3,
    "min_samples": 70,
    "max_seconds": 2.0,
}


def text_folder(
    folder: Path,
    *,
    shape: Sequence[int | str] = ("n", "t"),
    dtype: Any = np.int64,
    pooled: bool = False,
    **changes: Any,
) -> Path:
    """A text model that looks tokens up in TABLE."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[UNK]": 0, "red": 1, "ball": 2, "blue": 3}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    nodes = [node("Gather", ["table", "input_ids"], "all" if pooled else "states")]
    nodes += [node("ReduceMean", ["all"], "states", axes=[1], keepdims=0)] if pooled else []
    outputs = [value("states", ("n", 3) if pooled else ("n", "t", 3))]
    inputs = [value(name, shape, dtype) for name in ("input_ids", "attention_mask")]
    (folder / "model.onnx").write_bytes(model(nodes, [tensor("table", TABLE)], inputs, outputs))
    preprocess = TEXT_PREPROCESS | {k: v for k, v in changes.items() if k in TEXT_PREPROCESS}
    return write_card(
        folder, TEXT | {k: v for k, v in changes.items() if k not in preprocess}, preprocess
    )


def image_folder(
    folder: Path, *, layout: str = "NCHW", pooled: bool = True, **preprocess: Any
) -> Path:
    """An image model whose vector is the mean colour as the model sees it."""
    shape = ("n", 3, "h", "w") if layout == "NCHW" else ("n", "h", "w", 3)
    axes = [2, 3] if layout == "NCHW" else [1, 2]
    nodes = [
        node("ReduceMean", ["x"], "feat" if pooled else "means", axes=axes, keepdims=0),
        node("MatMul", ["feat" if pooled else "means", "weights"], "logits"),
    ]
    nodes += [] if pooled else [node("Relu", ["x"], "feat")]
    outputs = [value("feat", ("n", 3) if pooled else shape), value("logits", ("n", 2))]
    data = model(nodes, [tensor("weights", CLASS_WEIGHTS)], [value("x", shape)], outputs)
    (folder / "model.onnx").write_bytes(data)
    (folder / "classes.txt").write_text("warm\ncold\n", encoding="utf-8")
    values = IMAGE | ({} if pooled else {"pooling": "mean"})
    return write_card(folder, values, IMAGE_PREPROCESS | {"layout": layout} | preprocess)


def audio_folder(folder: Path, *, pooling: str = "mean", **preprocess: Any) -> Path:
    """A sound model whose vector is the mean over time of each log-mel band."""
    nodes = [
        node("ReduceMean", ["audio"], "embedding", axes=[1, 2], keepdims=0),
        node("MatMul", ["embedding", "weights"], "scores"),
    ]
    weights = np.array([[1, -200], [1, -200], [0, 0], [0, 0]], dtype=np.float32)
    outputs = [value("embedding", ("n", 4)), value("scores", ("n", 2))]
    inputs = [value("audio", ("n", 1, 6, 4))]
    (folder / "model.onnx").write_bytes(model(nodes, [tensor("weights", weights)], inputs, outputs))
    (folder / "classes.txt").write_text("low\nhigh\n", encoding="utf-8")
    return write_card(folder, AUDIO | {"pooling": pooling}, AUDIO_PREPROCESS | preprocess)
