"""Rows for a model of sentence-transformers, and rows through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Row = dict[str, NDArray[Any]]

_STEP = 8
_TOKENS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
# Inputs of one row each, which can be laid on one another; what else there is goes alone.
_STACKED = _TOKENS | {"pixel_values", "pixel_mask", "input_features", "input_values", "is_longer"}
_BAG = frozenset({"input_ids", "offsets"})


def split(features: Mapping[str, Any]) -> tuple[Row, dict[str, Any]]:
    """Return the tensors of one prepared input, batch axis kept, and what is no tensor."""
    import torch

    row = {k: v.numpy() for k, v in features.items() if isinstance(v, torch.Tensor)}
    return row, {k: v for k, v in features.items() if not isinstance(v, torch.Tensor)}


def padded(row: Row, model: Any) -> Row:
    """Return the row of a caption padded to a multiple of 8, so that like lengths share a run.

    Only where the network is told which tokens are padding, and padding stands on the right.
    """
    tokenizer = getattr(model, "tokenizer", None)
    if not {"input_ids", "attention_mask"} <= row.keys() <= _TOKENS:
        return row
    if getattr(tokenizer, "padding_side", None) != "right":
        return row
    length = row["input_ids"].shape[1]
    most = getattr(model, "max_seq_length", None) or length
    wanted = min(-(-max(1, length) // _STEP) * _STEP, int(max(length, min(most, 1 << 30))))
    fill = {
        "input_ids": getattr(tokenizer, "pad_token_id", None) or 0,
        "token_type_ids": getattr(tokenizer, "pad_token_type_id", None) or 0,
    }
    return {
        name: np.pad(array, ((0, 0), (0, wanted - length)), constant_values=fill.get(name, 0))
        for name, array in row.items()
    }


def through(
    model: Any, batch: Mapping[str, torch.Tensor], constants: Mapping[str, Any]
) -> torch.Tensor:
    """Return (rows, dim) of rows as `split` makes them, each with its own batch axis."""
    import torch

    if batch.keys() <= _STACKED and all(array.shape[1] == 1 for array in batch.values()):
        return _vectors(
            model, {name: array.flatten(0, 1) for name, array in batch.items()}, constants
        )
    if batch.keys() == _BAG:  # bags of words, one after the other
        ids = batch["input_ids"]
        starts = torch.arange(len(ids), device=ids.device) * ids.shape[1]
        return _vectors(model, {"input_ids": ids.flatten(), "offsets": starts}, constants)
    rows = len(next(iter(batch.values())))
    alone = [{name: array[i] for name, array in batch.items()} for i in range(rows)]
    return torch.cat([_vectors(model, row, constants) for row in alone])


def _vectors(
    model: Any, features: Mapping[str, torch.Tensor], constants: Mapping[str, Any]
) -> torch.Tensor:
    vectors: torch.Tensor = model({**features, **constants})["sentence_embedding"]
    return vectors
