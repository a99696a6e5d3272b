"""Only what transformers runs by itself, told from the config before any weights are there."""

from __future__ import annotations

from typing import Any

import pytest

from pentad.core.errors import InputError
from pentad.encoders.captioners.native import require_native

REMOTE = {"AutoModel": "modeling_minicpmv.MiniCPMV"}


@pytest.mark.parametrize("kind", ["llava", "idefics3", "blip", "qwen2_vl", "minicpmv4_6"])
def test_native_types_pass(kind: str) -> None:
    assert require_native({"model_type": kind}, "hf:a/b") == kind


def test_code_of_the_hub_is_passed_over_where_the_library_has_its_own() -> None:
    assert require_native({"model_type": "llava", "auto_map": REMOTE}, "hf:a/b") == "llava"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "names no model_type"),
        ({"model_type": 7}, "names no model_type"),
        ({"model_type": "clip"}, "does not put pictures into words"),
        ({"model_type": "minicpmv", "auto_map": REMOTE}, "-m minicpm-v"),
        ({"model_type": "minicpmo", "auto_map": REMOTE}, "which Pentad never runs"),
        ({"model_type": "their-own", "auto_map": REMOTE}, "which Pentad never runs"),
        ({"model_type": "their-own"}, "which this transformers does not know"),
    ],
)
def test_others_are_refused_with_the_way_out(config: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        require_native(config, "hf:a/b")
