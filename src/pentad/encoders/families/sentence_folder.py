"""Opening a folder of sentence-transformers, and nothing in it that can run code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.encoders.families.folder import read_json, require_safetensors
from pentad.encoders.families.hf_model import quiet
from pentad.encoders.families.optional import imported

MODULES = "modules.json"
_OWN = "sentence_transformers."
_KIND = "SentenceTransformer"
_SETTINGS = "config_sentence_transformers.json"
_MARK = "_is_hf_initialized"
_UNUSED = "pooler."  # a trained layer of BERT that pooling over tokens does without


def library() -> Any:
    """Return the package.

    Raises:
        MissingExtra: It is not installed, or cannot be imported.
    """
    return imported("sentence_transformers", package="sentence-transformers", extra="sentence")


def loaded(folder: Path) -> Any:
    """Return the ``SentenceTransformer`` in a folder, float32, in evaluation mode, on the CPU.

    Raises:
        MissingExtra: The package is not installed.
        InputError: The folder names modules that are not of the package, holds weights that are no
            safetensors or lack numbers, needs another model, or gives no single vector.
    """
    import torch

    package = library()
    _require_kind(folder)
    _require_own_modules(folder)
    require_safetensors(folder)
    _require_no_pickles(folder)
    with quiet():
        model = package.SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )
    _require_whole(folder, model)
    return model.float().eval().requires_grad_(False)


def _require_kind(folder: Path) -> None:
    """Refuse models that score pairs or give one vector a token, and adapters for other models."""
    settings = folder / _SETTINGS
    kind = read_json(settings).get("model_type", _KIND) if settings.is_file() else _KIND
    if kind != _KIND:
        raise InputError("gives no one vector an input", file=folder, expected=_KIND, seen=kind)
    if (folder / "adapter_config.json").is_file():
        raise InputError(
            "holds an adapter for another model; merge the two with peft and save the whole",
            file=folder,
        )


def _require_own_modules(folder: Path) -> None:
    """Refuse modules that a folder names and that the package did not bring along."""
    for name in _named_modules(folder):
        if not name.startswith(_OWN):
            raise InputError(
                "wants code that is not part of sentence-transformers, which is never run",
                file=folder / MODULES,
                expected=f"modules of {_OWN}*",
                seen=name,
            )


def _named_modules(folder: Path) -> Iterator[str]:
    file = folder / MODULES
    try:
        modules = json.loads(file.read_text(encoding="utf-8"))
        yield from (str(module["type"]) for module in modules)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=file) from None
    except (ValueError, TypeError, KeyError):
        raise InputError("is no list of modules with a type each", file=file) from None
    for routes in [*folder.glob("router_config.json"), *folder.glob("*/router_config.json")]:
        types = read_json(routes).get("types")
        yield from map(str, types.values()) if isinstance(types, dict) else ()


def _require_no_pickles(folder: Path) -> None:
    """Refuse a part of which the weights are there only as something that can run code."""
    for pickle in sorted(folder.rglob("pytorch_model*.bin")):
        if not any(pickle.parent.glob("*.safetensors")):
            raise InputError(
                "can run code when it is read; save the model anew with a current "
                "sentence-transformers",
                file=pickle,
                expected="model.safetensors",
            )


def _require_whole(folder: Path, model: Any) -> None:
    """Refuse a model of which numbers are missing: they would be random.

    transformers marks what it has read; where nothing is marked, nothing is known.
    """
    from transformers import PreTrainedModel

    for part in model.modules():
        if not isinstance(part, PreTrainedModel):
            continue
        names = dict(part.named_parameters())
        read = {name for name, value in names.items() if getattr(value, _MARK, False)}
        missing = sorted(name for name in set(names) - read if not name.startswith(_UNUSED))
        if read and missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise InputError(
                f"its weights lack {missing[0]}{more}; they are those of another model",
                file=folder,
            )
