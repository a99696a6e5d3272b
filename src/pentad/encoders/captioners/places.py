"""Where a model lies: a folder of this machine, or the hub, whose terms are shown before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_file, fingerprint_value
from pentad.encoders.captioners.native import require_native
from pentad.encoders.families.folder import (
    read_config,
    read_json,
    require_safetensors,
    space_name,
    stated_licence,
)
from pentad.encoders.families.hub import HubName, fetch_model

Notice = Callable[[str], None]

_DECIDING = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
_ADAPTER = "adapter_config.json"
_GB = 1e9


@dataclass(frozen=True)
class Found:
    """A model on this machine.

    Attributes:
        folder: Where its files are.
        model: ``USER/NAME``, or the folder's name.
        revision: Commit of the hub, or the first digits of a hash over the files.
        content: What tells its weights and settings from any other.
        licence: As its source states it.
    """

    folder: Path
    model: str
    revision: str
    content: str
    licence: str


def in_folder(folder: Path) -> Found:
    """Return the model in a folder, its files hashed.

    Raises:
        InputError: There is none that can be used.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=folder)
    _check(folder, str(folder))
    files = sorted({p for pattern in _DECIDING for p in folder.glob(pattern) if p.is_file()})
    content = fingerprint_value({p.name: fingerprint_file(p) for p in files})
    return Found(folder, space_name(folder), content[:12], content, stated_licence(folder))


def on_hub(name: HubName, licence: str, notice: Notice) -> Found:
    """Return a model of the hub, fetched if it is not on this machine yet.

    Its small config is fetched first, so that a model that cannot be used is refused, and the
    licence shown, before the weights come.

    Raises:
        InputError: It cannot be had, or cannot be used.
    """
    shown = f"hf:{name.repo}"
    if not _is_here(name):
        config = _config_of(name)
        if config is not None:
            require_native(config, shown)
        terms, size = _terms_of(name)
        notice(
            f"{shown}: licence {licence or terms}; fetching {size or 'its files'} to this machine"
        )
    folder, commit = fetch_model(name)
    _check(folder, shown)
    stated = licence or stated_licence(folder)
    return Found(folder, name.repo, commit, commit, stated)


def _check(folder: Path, shown: str) -> None:
    if (folder / _ADAPTER).exists():
        raise InputError(
            f"{shown} is an adapter, which would fetch the model it belongs to by itself; "
            "merge the two and name the result"
        )
    require_native(read_config(folder), shown)
    require_safetensors(folder)


def _is_here(name: HubName) -> bool:
    """Return whether weights of the model are in the hub's cache."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return False
    files = (f for r in repos if r.repo_id == name.repo for v in r.revisions for f in v.files)
    return any(file.file_name.endswith(".safetensors") for file in files)


def _config_of(name: HubName) -> dict[str, Any] | None:
    """Return the config alone; None where it cannot be had, which fetching the whole will tell."""
    from huggingface_hub import hf_hub_download

    try:
        return read_json(Path(hf_hub_download(name.repo, "config.json", revision=name.revision)))
    except InputError:
        raise
    except Exception:  # of the hub, of the network, of the file system: all end here
        return None


def _terms_of(name: HubName) -> tuple[str, str]:
    """Return what the hub says of a model's licence, and how much there is to fetch."""
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(name.repo, revision=name.revision, files_metadata=True)
    except Exception:  # it is for people to read; what is wrong will be told where it matters
        return "not stated", ""
    card: Any = info.card_data or {}
    licence = card.get("license_name") or card.get("license") or "not stated"
    files = info.siblings or []
    size = sum(f.size or 0 for f in files if f.rfilename.endswith(".safetensors"))
    return str(licence), f"{size / _GB:.1f} GB" if size else ""
