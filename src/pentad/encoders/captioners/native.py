"""Whether transformers runs a model by itself, told from its ``config.json`` alone.

A model that brings Python code of its own would run that code here, with the rights of the user.
That is never done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pentad.core.errors import InputError

_OLD_MINICPM = frozenset({"minicpmv", "minicpmo"})


def require_native(config: Mapping[str, Any], name: str) -> str:
    """Return the ``model_type`` of a model that turns pictures and text into text.

    Args:
        config: Content of ``config.json``.
        name: How the model is named, for messages.

    Raises:
        InputError: The model needs code of its own, or is of another kind.
    """
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as SEEING,
    )

    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise InputError(f"{name}: its config.json names no model_type, so it is no captioner")
    if kind in SEEING:
        return kind
    if kind in CONFIG_MAPPING:
        raise InputError(
            f"{name} is a model of type {kind!r}, which does not put pictures into words; "
            "name one that transformers lists under image-text-to-text"
        )
    if kind in _OLD_MINICPM:
        raise InputError(
            f"{name} needs Python code of its own (trust_remote_code), which Pentad never runs; "
            "take MiniCPM-V 4.6, the first that does not: -m minicpm-v"
        )
    if config.get("auto_map"):
        raise InputError(
            f"{name} needs Python code of its own (trust_remote_code), which Pentad never runs; "
            "name a model that transformers knows, or serve it elsewhere and use -m openai:MODEL"
        )
    raise InputError(f"{name} is a model of type {kind!r}, which this transformers does not know")
