"""Finds the three parts of E-MM1 below a root, whichever of its layouts they are in.

    layout    100m                          1m                            eshot
    git       datasets/e-mm1_100m           datasets/e-mm1_1m             datasets/eshot
    tree      e-mm1_100m                    e-mm1_1m                      eshot
    readme    encord_phase_1_dataset        encord_phase_2_dataset        eshot
    early     data/encord_phase_1_dataset   data/encord_phase_2_dataset   data/eshot
    split     encord_split_1_dataset        encord_split_2_dataset        eshot
    hub       data/nn_01.parquet ..         data/audio_to_image.parquet   -

A root may also be one of these folders itself, its parent, or what `convert` wrote.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError

ROOT_VARIABLE = "ROOT_DATA_PATH"
CONVERTED = "emm1.json"
CONVERTED_FORMAT = 1
SPLITS = ("100m", "1m", "eshot")

_NAMES = {
    "100m": ("e-mm1_100m", "encord_phase_1_dataset", "encord_split_1_dataset"),
    "1m": ("e-mm1_1m", "encord_phase_2_dataset", "encord_split_2_dataset"),
    "eshot": ("eshot",),
}
_PARENTS = ("", "datasets", "data", "e-mm1", "E-MM1")
_ESHOT_TABLE = "eshot_audio_info.csv"
_RANK = re.compile(r"nn_0*([1-9]\d*)")
_HUB_RANK = re.compile(r"nn_0*([1-9]\d*)(-.*)?\.parquet")
_HUB_PAIR = re.compile(r"(audio|image|video|points)_to_(audio|image|video|points)(-.*)?\.parquet")


@dataclass(frozen=True)
class Places:
    """Where the parts of the data set are.

    Attributes:
        root: What was asked for.
        parts: Split -> its folder, for those that are there.
        hub: The folder of Parquet files as they are published on a hub, if they are there.
        converted: Whether the root is what `convert` wrote.
    """

    root: Path
    parts: dict[str, Path]
    hub: Path | None = None
    converted: bool = False

    def of(self, split: str) -> Path:
        """Return the folder of a split.

        Raises:
            InputError: It is not there.
        """
        if split not in self.parts:
            there = ", ".join(self.parts) or "only the hub's Parquet files"
            raise InputError(
                f"the {split} part of E-MM1 is not here", file=self.root, seen=f"{there} there"
            )
        return self.parts[split]

    def owns(self, path: Path) -> bool:
        """Return whether a file is there already, in a folder of the data set."""
        folders = [*self.parts.values(), *([self.hub] if self.hub else [])]
        target = path.resolve()
        return target.exists() and any(target.is_relative_to(f.resolve()) for f in folders)

    def ranks(self) -> dict[int, Path]:
        """Return rank -> the table of its groups, ascending; tables need not be there."""
        if "100m" not in self.parts:
            return {}
        found = {
            int(match[1]): entry / "data_groups.csv"
            for entry in _entries(self.parts["100m"])
            if (match := _RANK.fullmatch(entry.name)) and (entry / "data_groups.csv").exists()
        }
        return dict(sorted(found.items()))

    def hub_ranks(self) -> dict[int, list[Path]]:
        """Return rank -> Parquet files of the hub's groups, ascending."""
        found: dict[int, list[Path]] = {}
        for entry in _entries(self.hub) if self.hub else ():
            if match := _HUB_RANK.fullmatch(entry.name):
                found.setdefault(int(match[1]), []).append(entry)
        return {rank: found[rank] for rank in sorted(found)}

    def hub_pairs(self) -> dict[tuple[str, str], list[Path]]:
        """Return (paired, annotated) -> Parquet files of the hub's ratings."""
        found: dict[tuple[str, str], list[Path]] = {}
        for entry in _entries(self.hub) if self.hub else ():
            if match := _HUB_PAIR.fullmatch(entry.name):
                found.setdefault((match[1], match[2]), []).append(entry)
        return found


def root_or_variable(root: str | Path | None) -> Path:
    """Return a root, by default the one that the environment names.

    Raises:
        InputError: Neither is given, or it is no folder.
    """
    given = root if root is not None else os.environ.get(ROOT_VARIABLE)
    if not given:
        raise InputError(f"which folder holds E-MM1? Name ROOT, or set {ROOT_VARIABLE}")
    path = Path(given)
    if not path.is_dir():
        raise InputError("there is no such folder", file=path)
    return path


def find_emm1(root: str | Path | None = None) -> Places:
    """Return where the parts of E-MM1 are below a root.

    Raises:
        InputError: There is no part of it; the message says what was looked for.
    """
    path = root_or_variable(root)
    if (path / CONVERTED).is_file():
        _require_complete(path / CONVERTED)
        parts = {split: path / split for split in SPLITS if (path / split).is_dir()}
        return Places(path, parts, converted=True)
    parts = {split: found for split in SPLITS if (found := _part(path, split)) is not None}
    hub = next((f for f in (path / "data", path) if _is_hub(f)), None)
    if not parts and hub is None:
        raise InputError(
            "no part of E-MM1 is here",
            file=path,
            expected="datasets/e-mm1_100m, encord_phase_1_dataset, eshot, data/nn_01.parquet ...",
            seen=_shown(path),
        )
    return Places(path, parts, hub)


def layout_of(places: Places) -> str:
    """Return which of the layouts it is, ``other`` where folders have been renamed."""
    if places.converted:
        return "converted"
    if not places.parts:
        return "hub"
    folders = [places.parts[split].absolute() for split in ("100m", "1m") if split in places.parts]
    if not folders:
        return "eshot"
    name, parent = folders[0].name, folders[0].parent.name
    if name.startswith("e-mm1_"):
        return "git" if parent == "datasets" else "tree"
    if name.startswith("encord_phase_"):
        return "early" if parent == "data" else "readme"
    return "split" if name.startswith("encord_split_") else "other"


def _require_complete(marker: Path) -> None:
    try:
        found = json.loads(marker.read_bytes())
        complete, version = found.get("complete"), found.get("format")
    except (OSError, ValueError, AttributeError):
        complete = version = None
    if isinstance(version, int) and version != CONVERTED_FORMAT:
        raise InputError(
            "converted by another version of Pentad; convert into a new folder", file=marker,
            expected=f"format {CONVERTED_FORMAT}", seen=version,
        )  # fmt: skip
    if complete is not True:
        raise InputError(
            "this conversion was not finished; run 'pentad emm1 convert' again", file=marker
        )


def _part(root: Path, split: str) -> Path | None:
    for parent in _PARENTS:
        for name in _NAMES[split]:
            folder = root / parent / name
            if _is_part(folder, split):
                return folder
    return root if _is_part(root, split) else None


def _is_part(folder: Path, split: str) -> bool:
    if split == "eshot":
        return (folder / _ESHOT_TABLE).is_file() or (folder / "eshot_points_info.csv").is_file()
    named = folder.name in _NAMES[split] and (folder / "infos").is_dir()
    rated = (folder / "triplets.csv").is_file()
    if split == "1m":
        return rated or named
    return named or any(_RANK.fullmatch(e.name) and e.is_dir() for e in _entries(folder))


def _is_hub(folder: Path) -> bool:
    names = [entry.name for entry in _entries(folder)]
    return any(_HUB_RANK.fullmatch(name) or _HUB_PAIR.fullmatch(name) for name in names)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _shown(folder: Path) -> str:
    names = [entry.name for entry in _entries(folder)]
    more = ", ..." if len(names) > 8 else ""
    return ", ".join(names[:8]) + more if names else "an empty folder"
