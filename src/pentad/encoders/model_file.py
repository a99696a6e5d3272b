"""A model as a folder: ``config.json`` with its settings, ``model.safetensors`` with its numbers.

Whoever writes the folder puts the two in place together; this module only makes and reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError, SchemaMismatch
from pentad.core.modality import Modality
from pentad.encoders.bridge_file import bridge_from_tensors, bridge_to_tensors
from pentad.encoders.heads import Head
from pentad.encoders.model import FrozenEncoder, Model
from pentad.encoders.projection import ProjectionModel
from pentad.encoders.projection_file import KIND, read_projection
from pentad.encoders.registry import get_encoder
from pentad.encoders.specs import absolute_spec, relative_spec

CONFIG, TENSORS = "config.json", "model.safetensors"
FORMAT = 1


def model_config(model: Model, folder: Path) -> dict[str, Any]:
    """Return all of a model but its numbers; paths of encoders are relative to ``folder``."""
    _, values = bridge_to_tensors(model.bridge)
    return {
        "format": FORMAT,
        "name": model.name,
        "revision": model.revision,
        "dim": model.dim,
        "fingerprint": model.fingerprint,
        "modalities": [m.value for m in model.modalities],
        "encoders": {
            m.value: [{**vars(e), "spec": relative_spec(e.spec, folder)} for e in entries]
            for m, entries in model.encoders.items()
        },
        "bridge": values,
        "gates": {m.value: head.gate for m, head in model.heads.items()},
        "notes": dict(model.notes),
    }


def write_tensors(model: Model, path: Path) -> None:
    """Write all numbers of a model as float32."""
    from safetensors.numpy import save_file

    tensors, _ = bridge_to_tensors(model.bridge)
    for modality, head in model.heads.items():
        tensors |= head.tensors(f"heads.{modality.value}")
    save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in tensors.items()}, path)


def load_model(folder: str | Path) -> Model | ProjectionModel:
    """Read a saved model; its frozen encoders are loaded and checked when they are first needed.

    Returns:
        A `Model`, or a `ProjectionModel` where `pentad.train` made it; both are encoders.

    Raises:
        InputError: A file is missing or cannot be read.
        SchemaMismatch: It was written by another version.
    """
    root = Path(folder)
    config = _read_config(root / CONFIG)
    tensors = _read_tensors(root / TENSORS)
    try:
        if config.get("kind") == KIND:
            return read_projection(root, config, tensors)
        return _read_model(root, config, tensors)
    except InputError as error:
        raise InputError(str(error), file=root) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"damaged or of another version ({error})", file=root / CONFIG) from None


def load_bridged(folder: str | Path) -> Model:
    """Read a saved model that stands on a bridge, as those of a workspace do.

    Raises:
        InputError: It is of the other kind, or as `load_model` says.
    """
    model = load_model(folder)
    if not isinstance(model, Model):
        raise InputError(
            "this model has projection heads and no bridge, which is not enough here",
            file=folder,
            expected="a model that 'pentad build' made",
        )
    return model


def _read_model(root: Path, config: Mapping[str, Any], tensors: dict[str, Any]) -> Model:
    heads = {
        Modality(m): Head.from_tensors(tensors, f"heads.{m}", gate)
        for m, gate in config["gates"].items()
    }
    encoders = {
        Modality(m): tuple(
            FrozenEncoder(**{**entry, "spec": absolute_spec(entry["spec"], root)})
            for entry in entries
        )
        for m, entries in config["encoders"].items()
    }
    bridge = bridge_from_tensors(tensors, config["bridge"])
    return Model(
        config["name"], encoders, bridge, heads, get_encoder, config["revision"], config["notes"]
    )


def _read_config(path: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputError("there is no saved model here", file=path.parent) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", file=path) from None
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        seen = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise SchemaMismatch(path, f"a model of format {FORMAT}", f"format {seen}")
    return config


def _read_tensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {k: v.astype(np.float64) for k, v in load_file(path).items()}
    except FileNotFoundError:
        raise InputError("the model's numbers are missing", file=path) from None
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", file=path) from None
