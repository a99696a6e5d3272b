"""The ``config.json`` of a network of points, read strictly: a misspelt key changes no vector."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.encoders.families.folder import CONFIG, read_config
from pentad.encoders.points.cloud import CloudSettings

MOST_POINTS = 1_000_000
GREY = 0.4
_NORMALIZE = ("l2", "none")
# Said for people, or by libraries; no vector depends on them.
_REMARKS = frozenset(
    {
        *("model_type", "name", "revision", "licence", "license", "source", "citation"),
        *("description", "architectures", "dtype", "torch_dtype", "transformers_version"),
        *("_name_or_path",),
    }
)


class Config:
    """Keys of one file; each is asked for once, then `finish` refuses those nobody asked for."""

    def __init__(self, folder: Path, model_type: str) -> None:
        self.file = folder / CONFIG
        self._values: dict[str, Any] = read_config(folder)
        self._known = set(_REMARKS)
        if self._values.get("model_type") != model_type:
            seen = repr(self._values.get("model_type"))
            raise self.error("wrong value", "model_type", expected=repr(model_type), seen=seen)

    def whole(self, key: str, default: int | None, most: int) -> int | None:
        """Return a whole number from 1 to ``most``."""
        value = self._value(key, default)
        if value is None or (type(value) is int and 1 <= value <= most):
            return value
        raise self.error("wrong value", key, expected=f"1..{most}", seen=repr(value))

    def share(self, key: str, default: float) -> float:
        """Return a number from 0 to 1."""
        value = self._value(key, default)
        if type(value) in (int, float) and math.isfinite(value) and 0 <= value <= 1:
            return float(value)
        raise self.error("wrong value", key, expected="0 to 1", seen=repr(value))

    def normalize(self) -> str:
        """Return ``l2`` or ``none``."""
        value = self._value("normalize", _NORMALIZE[0])
        if value not in _NORMALIZE:
            raise self.error(
                "wrong value", "normalize", expected=" or ".join(_NORMALIZE), seen=repr(value)
            )
        return str(value)

    def cloud(self, points: int) -> CloudSettings:
        """Return how clouds are prepared, ``points`` points unless the file says how many."""
        count = self.whole("points", points, MOST_POINTS)
        return CloudSettings(count or points, self.share("grey", GREY))

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in sorted(self._values.keys() - self._known):
            known = ", ".join(sorted(self._known - _REMARKS))
            raise self.error("unknown key", key, expected=known)

    def error(
        self, message: str, key: str, *, expected: object = None, seen: object = None
    ) -> InputError:
        """Return an error about one key."""
        return InputError(message, file=self.file, column=key, expected=expected, seen=seen)

    def _value(self, key: str, default: Any) -> Any:
        self._known.add(key)
        value = self._values.get(key)
        return default if value is None else value
