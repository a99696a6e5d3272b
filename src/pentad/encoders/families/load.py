"""From a folder to an encoder: ``config.json`` names the family, the family's file loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from pentad.core.errors import InputError, PentadError
from pentad.encoders.families.classifier import encoder_class
from pentad.encoders.families.folder import (
    CONFIG,
    Origin,
    card_of,
    folder_fingerprint,
    read_config,
    space_name,
    stated_licence,
)
from pentad.encoders.families.hub import fetch_model, parse_hub_name
from pentad.encoders.families.network import Network
from pentad.encoders.families.notice import tell_limits
from pentad.encoders.families.torch_encoder import TorchEncoder
from pentad.encoders.families.why import why

_HERE = "pentad.encoders.families"
_BERT = f"{_HERE}.bert:load_bert"
FAMILIES: dict[str, str] = {
    "albert": _BERT,
    "audio-spectrogram-transformer": f"{_HERE}.ast:load_ast",
    "bert": _BERT,
    "camembert": _BERT,
    "clap": f"{_HERE}.clap:load_clap",
    "clip": f"{_HERE}.clip:load_clip",
    "deberta-v2": _BERT,
    "distilbert": _BERT,
    "electra": _BERT,
    "metaclip_2": f"{_HERE}.metaclip2:load_metaclip2",
    "modernbert": _BERT,
    "mpnet": _BERT,
    "pe_audio": f"{_HERE}.pe_audio:load_pe_audio",
    "pe_audio_video": f"{_HERE}.pe_audio:load_pe_audio",
    "roberta": _BERT,
    "siglip": f"{_HERE}.siglip:load_siglip",
    "siglip2": f"{_HERE}.siglip2:load_siglip2",
    "videoprism": f"{_HERE}.videoprism:load_videoprism",
    "xclip": f"{_HERE}.xclip:load_xclip",
    "xlm-roberta": _BERT,
    "pointnet": "pentad.encoders.points.pointnet:load_pointnet",
    "uni3d": "pentad.encoders.points.uni3d:load_uni3d",
}
"""``model_type`` -> where its loader is."""

LAYOUTS: dict[str, str] = {
    "modules.json": f"{_HERE}.sentence:load_sentence",
    "open_clip_config.json": f"{_HERE}.open_clip:load_open_clip",
}
"""A file that only one library writes -> where the loader of its folders is; looked for first."""

_TIMM = f"{_HERE}.timm:load_timm"
Loader = Callable[[Path], Network]


def is_model_folder(folder: Path) -> bool:
    """Return whether a folder holds a model of a family, and not a saved model of Pentad."""
    try:
        return _layout(folder) is not None or "model_type" in read_config(folder)
    except InputError:
        return False


def load_folder(
    folder: str | Path, *, origin: Origin | None = None, loader: Loader | None = None
) -> TorchEncoder:
    """Return the model in a folder as an encoder.

    Args:
        folder: As ``save_pretrained`` of a Hugging Face library writes it.
        origin: Where it came from, if that is known; else the folder speaks for itself.
        loader: Who reads it, such as a family's loader with other arguments; None for the one that
            the folder asks for.

    Raises:
        InputError: The folder is incomplete, holds weights that are no safetensors, or a model of a
            kind that is not known.
    """
    where = Path(folder).expanduser().resolve()
    network = _telling(loader or _loader(where))(where)
    fingerprint = folder_fingerprint(where, network)
    known = origin or Origin(space_name(where), licence=stated_licence(where))
    if origin is None:
        tell_limits(known.name, known.licence)
    card = card_of(known, network, fingerprint)
    return encoder_class(network)(network, card, fingerprint=fingerprint)


def _loader(folder: Path) -> Loader:
    if not folder.is_dir():
        raise InputError("there is no such folder", file=folder)
    layout = _layout(folder)
    if layout is not None:
        return _imported(layout)
    kind = read_config(folder).get("model_type")
    if kind not in FAMILIES:
        raise InputError(
            "a model of an unknown kind",
            file=folder / "config.json",
            column="model_type",
            expected=", ".join(sorted(FAMILIES)),
            seen=repr(kind),
        )
    return _imported(FAMILIES[kind])


def _layout(folder: Path) -> str | None:
    """Return where the loader is of a folder that does not tell by ``model_type`` what it is."""
    for marker, place in LAYOUTS.items():
        if (folder / marker).is_file():
            return place
    if not (folder / CONFIG).is_file():
        return None
    config = read_config(folder)
    return _TIMM if "architecture" in config and "model_type" not in config else None


def _imported(place: str) -> Loader:
    module, _, function = place.partition(":")
    loader: Loader = getattr(import_module(module), function)
    return loader


def _telling(loader: Loader) -> Loader:
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
            raise InputError(f"the model cannot be loaded ({why(error)})", file=folder) from error

    return load


def load_hub(
    text: str, *, origin: Origin | None = None, loader: Loader | None = None
) -> TorchEncoder:
    """Return a model of the Hugging Face hub as an encoder.

    Args:
        text: ``USER/NAME`` or ``USER/NAME@REVISION``.
        origin: What is known of it; else its own README speaks.
        loader: As for `load_folder`.

    Raises:
        InputError: It cannot be fetched or loaded.
    """
    name = parse_hub_name(text)
    if origin is not None:
        tell_limits(origin.name, origin.licence)
    folder, commit = fetch_model(name)
    known = origin or Origin(name.short, licence=stated_licence(folder), source=f"hf:{name.repo}")
    if origin is None:
        tell_limits(known.name, known.licence)
    return load_folder(folder, origin=replace(known, revision=commit), loader=loader)
