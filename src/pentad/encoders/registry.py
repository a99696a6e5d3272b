"""Encoders by name: the built-in ones, registered ones, and those that lie in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pentad.core.errors import InputError, UnknownName
from pentad.encoders.builtin import (
    AUDIO_DESCRIPTOR,
    HASHED_TEXT,
    IMAGE_DESCRIPTOR,
    POINTS_DESCRIPTOR,
    VIDEO_DESCRIPTOR,
)
from pentad.encoders.card import EncoderCard
from pentad.encoders.families.presets import PRESETS, SETS, Preset, load_preset, preset_of
from pentad.encoders.onnx.card import CARD_FILE
from pentad.encoders.protocol import Encoder

Loader = Callable[[], Encoder]
FolderLoader = Callable[[Path], Encoder]
_LISTING = "pentad list encoders"
_ONNX, _HUB = "onnx:", "hf:"
_WORKSPACE = "pentad.toml"


@dataclass(frozen=True)
class _Entry:
    card: EncoderCard
    load: Loader


def _load_text() -> Encoder:
    from pentad.encoders.descriptors.text import load

    return load()


def _load_image() -> Encoder:
    from pentad.encoders.descriptors.image import load

    return load()


def _load_audio() -> Encoder:
    from pentad.encoders.descriptors.audio import load

    return load()


def _load_video() -> Encoder:
    from pentad.encoders.descriptors.video import load

    return load()


def _load_points() -> Encoder:
    from pentad.encoders.descriptors.points import load

    return load()


def _load_onnx(folder: Path) -> Encoder:
    from pentad.encoders.onnx.encoder import load_onnx

    return load_onnx(folder)


def _load_configured(folder: Path) -> Encoder:
    """Load a saved model of Pentad, or one of another library: both have a ``config.json``."""
    from pentad.encoders.families.load import is_model_folder, load_folder

    if is_model_folder(folder):
        return load_folder(folder)
    from pentad.encoders.model_file import load_model

    return load_model(folder)


def _load_hub(name: str) -> Encoder:
    from pentad.encoders.families.load import load_hub

    return load_hub(name)


def _published(preset: Preset) -> _Entry:
    return _Entry(preset.card, partial(load_preset, preset))


_ENTRIES: dict[str, _Entry] = {
    card.name: _Entry(card, load)
    for card, load in (
        (HASHED_TEXT, _load_text),
        (IMAGE_DESCRIPTOR, _load_image),
        (AUDIO_DESCRIPTOR, _load_audio),
        (VIDEO_DESCRIPTOR, _load_video),
        (POINTS_DESCRIPTOR, _load_points),
    )
}
_ENTRIES.update({name: _published(preset) for name, preset in PRESETS.items()})
_FOLDERS: dict[str, FolderLoader] = {
    CARD_FILE: _load_onnx,
    "config.json": _load_configured,
    "modules.json": _load_configured,
    "open_clip_config.json": _load_configured,
}


def register_encoder(name: str, loader: Loader, *, card: EncoderCard) -> None:
    """Make an encoder known under ``name``.

    Args:
        name: The name to look it up by; the same as ``card.name``.
        loader: Called when the encoder is asked for; heavy imports belong inside it.
        card: The facts that `list_encoders` shows without loading anything.

    Raises:
        InputError: The name is taken, is not the card's, or would read as a path or address.
    """
    if name != card.name:
        raise InputError(
            "an encoder and its card need one name", expected=repr(card.name), seen=repr(name)
        )
    if not name or _is_path(name) or ":" in name or "=" in name:
        raise InputError("wrong encoder name", expected="no '/', ':' or '='", seen=repr(name))
    if name in _ENTRIES:
        raise InputError(f"there is already an encoder {name!r}")
    _ENTRIES[name] = _Entry(card, loader)


def register_folder_loader(marker: str, loader: FolderLoader) -> None:
    """Say who reads the folders in which a file named ``marker`` lies, such as ``card.toml``.

    Raises:
        InputError: Such folders have a loader already.
    """
    if marker in _FOLDERS:
        raise InputError(f"folders with {marker!r} already have a loader")
    _FOLDERS[marker] = loader


def get_encoder(name: str) -> Encoder:
    """Return the encoder ``name``.

    Args:
        name: A registered name (`list_encoders` lists them; one of a published model may end in
            ``@REVISION``), ``hf:USER/NAME`` or ``hf:USER/NAME@REVISION`` on the Hugging Face hub,
            ``onnx:FOLDER``, or the path of a folder with a model: a ``card.toml``, what
            ``save_pretrained`` of a Hugging Face library wrote, or a saved model of Pentad.

    Raises:
        UnknownName: Nothing is registered under that name; the message names the nearest ones.
        InputError: The folder is not there, holds no model, or holds a damaged one.

    Examples:
        >>> get_encoder("hashed-text").encode(["a red ball"], modality="text").shape
        (1, 1024)
    """
    if name in _ENTRIES:
        return _ENTRIES[name].load()
    found = preset_of(name)
    if found is not None:
        return load_preset(*found)
    if name.startswith(_ONNX):
        return _load_onnx(Path(name.removeprefix(_ONNX)).expanduser())
    if name.startswith(_HUB):
        return _load_hub(name.removeprefix(_HUB))
    if _is_path(name) or Path(name).is_dir():
        return _from_folder(Path(name).expanduser())
    if name in SETS:
        raise InputError(
            f"{name} is a set of encoders; take one of them, or the set with -m",
            expected=" or ".join(SETS[name].specs),
        )
    raise UnknownName("encoder", name, _ENTRIES, listing=_LISTING)


def is_registered(name: str) -> bool:
    """Return whether there is an encoder of that name, so that it is no path."""
    return name in _ENTRIES


def list_encoders() -> list[EncoderCard]:
    """Return the cards of all registered encoders, by name. Nothing is loaded."""
    return [_ENTRIES[name].card for name in sorted(_ENTRIES)]


def _is_path(name: str) -> bool:
    return "/" in name or name.startswith((".", "~"))


def _from_folder(folder: Path) -> Encoder:
    if not folder.is_dir():
        raise _no_folder(folder)
    for marker, load in _FOLDERS.items():
        if (folder / marker).is_file():
            return load(folder)
    if (folder / _WORKSPACE).is_file():
        models = sorted(str(path) for path in folder.glob("models/*") if path.is_dir())
        expected = " or ".join(models) or "one of its models; 'pentad build' makes one"
        raise InputError("is a workspace, no model", file=folder, expected=expected)
    raise InputError("holds no model", file=folder, expected=" or ".join(sorted(_FOLDERS)))


def _no_folder(folder: Path) -> InputError:
    if folder.exists():
        return InputError("this is a file; name the folder of a model", file=folder)
    hub = len(folder.parts) == 2 and not str(folder).startswith((".", "/"))
    expected = f"a folder; a model on the hub is {_HUB}{folder.as_posix()}" if hub else None
    return InputError("there is no such folder", file=folder, expected=expected)
