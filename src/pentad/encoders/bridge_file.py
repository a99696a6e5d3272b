"""A bridge as named tensors and plain values, so that a model folder can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.bridge_map import BridgeMap, ClassScaling, ItemMap, TextFrame

Tensors = dict[str, NDArray[Any]]


def bridge_to_tensors(bridge: BridgeMap) -> tuple[Tensors, dict[str, Any]]:
    """Return the arrays of a bridge by name, and the plain values that belong to them."""
    tensors: Tensors = {"frame.center": bridge.frame.center, "frame.basis": bridge.frame.basis}
    if bridge.frame.offset is not None:
        tensors["frame.offset"] = bridge.frame.offset
    for number, anchors in enumerate(bridge.frame.anchors.values()):
        tensors[f"frame.anchors.{number}"] = anchors
    values: dict[str, Any] = {
        "threshold": bridge.frame.threshold,
        "share": bridge.frame.share,
        "classifiers": list(bridge.frame.anchors),
        "spaces": list(bridge.frame.spaces),
        "items": {},
        "notes": dict(bridge.notes),
    }
    for modality, item in bridge.items.items():
        tensors |= _item_tensors(modality, item)
        values["items"][modality.value] = _item_values(item)
    return tensors, values


def bridge_from_tensors(
    tensors: Mapping[str, NDArray[Any]], values: Mapping[str, Any]
) -> BridgeMap:
    """Return the bridge that `bridge_to_tensors` took apart.

    Raises:
        InputError: A tensor or a value is missing.
    """
    try:
        anchors = {
            name: tensors[f"frame.anchors.{number}"]
            for number, name in enumerate(values["classifiers"])
        }
        frame = TextFrame(
            tensors["frame.center"],
            tensors["frame.basis"],
            anchors,
            tuple(values["spaces"]),
            values["threshold"],
            values["share"],
            tensors.get("frame.offset"),
        )
        items = {
            Modality(name): _item(name, tensors, entry) for name, entry in values["items"].items()
        }
        return BridgeMap(frame, items, values.get("notes", {}))
    except KeyError as error:
        raise InputError(
            f"the bridge has no {error.args[0]!r}; it is damaged or of another version"
        ) from None


def _item_tensors(modality: Modality, item: ItemMap) -> Tensors:
    prefix = f"items.{modality.value}"
    tensors: Tensors = {f"{prefix}.mean": item.mean}
    if item.ridge is not None:
        tensors[f"{prefix}.ridge"] = item.ridge
    if item.offset is not None:
        tensors[f"{prefix}.offset"] = item.offset
    if item.classes is not None:
        tensors[f"{prefix}.class_mean"] = item.classes.mean
        tensors[f"{prefix}.class_scale"] = item.classes.scale
    return tensors


def _item_values(item: ItemMap) -> dict[str, Any]:
    return {
        "ridge": item.ridge is not None,
        "classifier": None if item.classes is None else item.classes.classifier,
        "power": None if item.classes is None else item.classes.power,
        "shared_at": item.shared_at,
        "weights": [item.prior_weight, item.ridge_weight, item.class_weight],
    }


def _item(name: str, tensors: Mapping[str, NDArray[Any]], entry: Mapping[str, Any]) -> ItemMap:
    prefix = f"items.{name}"
    classes = None
    if entry["classifier"] is not None:
        classes = ClassScaling(
            entry["classifier"],
            entry["power"],
            tensors[f"{prefix}.class_mean"],
            tensors[f"{prefix}.class_scale"],
        )
    ridge = tensors[f"{prefix}.ridge"] if entry["ridge"] else None
    prior, ridge_weight, class_weight = entry["weights"]
    return ItemMap(
        tensors[f"{prefix}.mean"],
        ridge,
        classes,
        entry["shared_at"],
        prior,
        ridge_weight,
        class_weight,
        tensors.get(f"{prefix}.offset"),
    )
