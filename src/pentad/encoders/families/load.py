"""From a folder to an encoder: ``config.json`` names the family, the family's file loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from pentad.core.errors import InputError, PentadError
from pentad.encoders.families.folder import (
    Origin,
    card_of,
    folder_fingerprint,
    read_config,
    space_name,
    stated_licence,
)
from pentad.encoders.families.hub import fetch_model, parse_hub_name
from pentad.encoders.families.network import Network
from pentad.encoders.families.torch_encoder import TorchEncoder

_HERE = "pentad.encoders.families"
FAMILIES: dict[str, str] = {
    "clip": f"{_HERE}.clip:load_clip",
}
"""``model_type`` -> where its loader is."""


def is_model_folder(folder: Path) -> bool:
    """Return whether a folder holds a model of a family, and not a saved model of Pentad."""
    try:
        return "model_type" in read_config(folder)
    except InputError:
        return False


def load_folder(folder: str | Path, *, origin: Origin | None = None) -> TorchEncoder:
    """Return the model in a folder as an encoder.

    Args:
        folder: As ``save_pretrained`` of a Hugging Face library writes it.
        origin: Where it came from, if that is known; else the folder speaks for itself.

    Raises:
        InputError: The folder is incomplete, holds weights that are no safetensors, or a model of a
            kind that is not known.
    """
    where = Path(folder).expanduser().resolve()
    network = _loader(where)(where)
    fingerprint = folder_fingerprint(where, network)
    known = origin or Origin(space_name(where), licence=stated_licence(where))
    return TorchEncoder(network, card_of(known, network, fingerprint), fingerprint=fingerprint)


def _loader(folder: Path) -> Callable[[Path], Network]:
    if not folder.is_dir():
        raise InputError("there is no such folder", file=folder)
    kind = read_config(folder).get("model_type")
    if kind not in FAMILIES:
        raise InputError(
            "a model of an unknown kind",
            file=folder / "config.json",
            column="model_type",
            expected=", ".join(sorted(FAMILIES)),
            seen=repr(kind),
        )
    module, _, function = FAMILIES[kind].partition(":")
    loader: Callable[[Path], Network] = getattr(import_module(module), function)
    return _telling(loader)


def _telling(loader: Callable[[Path], Network]) -> Callable[[Path], Network]:
    """Turn what a library raises over a damaged folder into one line."""

    def load(folder: Path) -> Network:
        try:
            return loader(folder)
        except PentadError:
            raise
        except (
            ImportError,
            AttributeError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            RuntimeError,
        ) as error:
            why = next(iter(str(error).splitlines()), type(error).__name__)[:200]
            raise InputError(f"the model cannot be loaded ({why})", file=folder) from error

    return load


def load_hub(text: str, *, origin: Origin | None = None) -> TorchEncoder:
    """Return a model of the Hugging Face hub as an encoder.

    Args:
        text: ``USER/NAME`` or ``USER/NAME@REVISION``.
        origin: What is known of it; else its own README speaks.

    Raises:
        InputError: It cannot be fetched or loaded.
    """
    name = parse_hub_name(text)
    folder, commit = fetch_model(name)
    known = origin or Origin(name.short, licence=stated_licence(folder), source=f"hf:{name.repo}")
    return load_folder(folder, origin=replace(known, revision=commit))
