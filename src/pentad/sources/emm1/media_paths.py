"""Where the media of an item lie: ``media_root/<save_folder>/<folder>/<file_name>``.

The folder is the modality, with two exceptions: audio is stored as ``.mp4`` beside the videos, and
lies under ``audio/`` only where somebody moved it there; clouds may lie under ``point-clouds/``.
Folders are listed once, so that asking for a million files is not a million system calls.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality

_FOLDERS = {Modality.AUDIO: ("audio", "video"), Modality.POINTS: ("points", "point-clouds")}
_DEFAULT = {Modality.AUDIO: "video"}

Bools = NDArray[np.bool_]
_log = logging.getLogger(__name__)


def folders_of(modality: str) -> tuple[str, ...]:
    """Return the folders a modality's files may lie in, the first that has the file counts."""
    kind = as_modality(modality)
    return _FOLDERS.get(kind, (kind.value,))


def default_folder(modality: str) -> str:
    """Return the folder that files of a modality are put into where none is there yet."""
    kind = as_modality(modality)
    return _DEFAULT.get(kind, kind.value)


class MediaFolders:
    """The media below one root; what is there is looked up when it is first asked for."""

    def __init__(self, root: str | Path) -> None:
        self.root = str(root).rstrip("/") or "/"
        self._listing = cache(self._list)

    def path(self, save_folder: str, modality: str, file_name: str) -> Path:
        """Return the path of one file, whether or not it exists."""
        folder = self.folder(save_folder, modality, file_name)
        return Path(self.prefix(save_folder, folder) + file_name)

    def folder(self, save_folder: str, modality: str, file_name: str) -> str:
        """Return the folder that has the file, else the one where it belongs."""
        for folder in folders_of(modality):
            if file_name in self._listing(save_folder, folder):
                return folder
        return default_folder(modality)

    def prefix(self, save_folder: str, folder: str) -> str:
        """Return what stands before the file name, with a slash at the end."""
        return f"{self.root.rstrip('/')}/{save_folder}/{folder}/"

    def present(self, save_folder: str, modality: str, file_names: Sequence[str]) -> Bools:
        """Return for each file name whether the file is there."""
        found = np.zeros(len(file_names), dtype=np.bool_)
        for folder in folders_of(modality):
            found |= self.in_folder(save_folder, folder, file_names)
        return found

    def tell_absent(self) -> None:
        """Say in the log where there is no such root, which makes every file absent."""
        if not Path(self.root).is_dir():
            _log.warning("%s: there is no such folder, so no media are present", self.root)

    def has(self, save_folder: str, folder: str) -> bool:
        """Return whether there is any file in a folder."""
        return bool(self._listing(save_folder, folder))

    def in_folder(self, save_folder: str, folder: str, file_names: Sequence[str]) -> Bools:
        """Return for each file name whether this folder has it."""
        listed = self._listing(save_folder, folder)
        if not listed:
            return np.zeros(len(file_names), dtype=np.bool_)
        return np.fromiter((n in listed for n in file_names), np.bool_, len(file_names))

    def _list(self, save_folder: str, folder: str) -> frozenset[str]:
        place = f"{self.root.rstrip('/')}/{save_folder}/{folder}"
        try:
            with os.scandir(place) as entries:
                return frozenset(entry.name for entry in entries if entry.is_file())
        except (FileNotFoundError, NotADirectoryError, ValueError):  # a NUL in the name
            return frozenset()
        except OSError as error:
            raise InputError(f"cannot be listed ({error.strerror})", file=place) from None
