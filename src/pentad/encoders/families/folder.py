"""A folder with a model as Hugging Face libraries save it: what is in it, and that it is safe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_file, fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.card import EncoderCard
from pentad.encoders.families.network import Network

CONFIG = "config.json"
_WEIGHTS = ("*.safetensors",)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
# What decides a vector besides the weights: settings, vocabularies, pooling.
_SETTINGS = ("*.json", "*.txt", "*.model", "*.jinja")
_HEAD = 8192
_REMARKS = frozenset(
    {"README.md", "model.safetensors.index.json", "config_sentence_transformers.json"}
)


@dataclass(frozen=True)
class Origin:
    """Where a folder came from, for its card.

    Attributes:
        name: What the encoder is called.
        revision: Commit on the hub; empty for a folder of the user's own.
        licence: As its source states it.
        source: Where it came from.
        citation: Whom to cite; empty if nobody.
        description: One sentence for people.
    """

    name: str
    revision: str = ""
    licence: str = "not stated"
    source: str = "a local folder"
    citation: str = ""
    description: str = ""


def read_config(folder: Path) -> dict[str, Any]:
    """Return ``config.json``.

    Raises:
        InputError: It is missing or no JSON object.
    """
    return read_json(folder / CONFIG)


def read_json(file: Path) -> dict[str, Any]:
    """Return a JSON object from a file.

    Raises:
        InputError: The file is missing, cannot be read, or is no JSON object.
    """
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=file) from None
    except ValueError:
        raise InputError("is not JSON", file=file) from None
    if not isinstance(value, dict):
        raise InputError("is not a JSON object", file=file)
    return value


def require_safetensors(folder: Path) -> list[Path]:
    """Return the weight files of a folder.

    Raises:
        InputError: There are none, or only such as run code when they are read.
    """
    found = _matching(folder, _WEIGHTS)
    if found:
        return found
    pickles = _matching(folder, _PICKLES)
    if pickles:
        raise InputError(
            f"holds weights only as {pickles[0].name}, which can run code when it is read; "
            "convert them with the library that made them (save_pretrained), or take a revision "
            "that has model.safetensors",
            file=folder,
            expected="*.safetensors",
        )
    raise InputError("holds no weights", file=folder, expected="*.safetensors")


def require_processor(folder: Path) -> None:
    """Refuse a folder in which nothing says how files become numbers.

    Raises:
        InputError: There is no such file.
    """
    if not any((folder / name).is_file() for name in _PROCESSORS):
        raise InputError(
            "does not say how files become numbers", file=folder, expected=" or ".join(_PROCESSORS)
        )


def folder_fingerprint(folder: Path, network: Network) -> str:
    """Return 64 hex digits over weights, settings, preprocessing and our code for the family."""
    files = [*require_safetensors(folder), *_matching(folder, _SETTINGS)]
    names = {path: path.relative_to(folder).as_posix() for path in files}
    return fingerprint_value(
        {
            "family": network.family,
            "version": network.version,
            "preprocessing": dict(network.preprocessing),
            "normalize": network.normalize,
            "files": {
                names[path]: fingerprint_file(path) for path in files if names[path] not in _REMARKS
            },
        }
    )


def card_of(origin: Origin, network: Network, fingerprint: str) -> EncoderCard:
    """Return the card of a loaded network."""
    about = f"Encodes {_listed(network.modalities)}; family {network.family}."
    return EncoderCard(
        name=origin.name,
        revision=origin.revision or fingerprint[:12],
        modalities=network.modalities,
        dim=network.dim,
        licence=origin.licence,
        source=origin.source,
        citation=origin.citation,
        description=origin.description or about,
        classes=len(getattr(network, "classes", ())),
        semantic=True,
        preprocessing=fingerprint_value(dict(network.preprocessing)),
    )


def stated_licence(folder: Path) -> str:
    """Return the licence that ``README.md`` states in its head; "not stated" where it does not."""
    try:
        head = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:_HEAD]
    except OSError:
        return "not stated"
    lines = head.partition("---")[2].partition("\n---")[0].splitlines()
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return said.get("license_name") or said.get("license") or "not stated"


def space_name(folder: Path) -> str:
    """Return the folder's name with only what a space may be called by."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in folder.name)
    return name.strip("-.") or "model"


def _listed(modalities: Sequence[Modality]) -> str:
    names = [m.value for m in modalities]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _matching(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """Return files of the folder and of one level of folders below, sorted."""
    found = {p for pattern in patterns for at in (pattern, f"*/{pattern}") for p in folder.glob(at)}
    return sorted(path for path in found if path.is_file())
