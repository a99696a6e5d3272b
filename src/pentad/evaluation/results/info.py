"""`RunInfo`: which model a run is of, how large it is and what encoding costs; ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality

if TYPE_CHECKING:
    from pentad.encoders.protocol import Encoder

VERSION = 1


@dataclass(frozen=True)
class RunInfo:
    """What all results of one run share.

    Attributes:
        name: Of the model, for tables.
        spaces: Modality -> space of its vectors.
        fingerprints: Modality -> fingerprint of the encoder.
        dim: Length of a vector.
        parameters: How many numbers were learned, over all encoders; None where nobody knows.
        encode_seconds: Modality -> seconds an item; None, or no entry, where nobody measured.
        versions: Of pentad, python and numpy.
        seed: Of the intervals.
        notes: For the reader, one line each.
    """

    name: str
    spaces: Mapping[str, str]
    fingerprints: Mapping[str, str]
    dim: int
    parameters: int | None = None
    encode_seconds: Mapping[str, float | None] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """64 hex digits over spaces and encoders: what makes it this model."""
        return fingerprint_value([dict(self.spaces), dict(self.fingerprints)])

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"version": VERSION, "model": self.fingerprint, **asdict(self)}


def run_info(
    name: str,
    encoders: Mapping[Modality, Encoder],
    *,
    encode_seconds: Mapping[str, float | None] | None = None,
    seed: int = 0,
    notes: tuple[str, ...] = (),
) -> RunInfo:
    """Return what is to be said of a run with these encoders.

    Args:
        name: Of the model.
        encoders: By modality; one encoder may serve several.
        encode_seconds: Modality -> seconds an item.
        seed: Of the intervals.
        notes: For the reader.
    """
    from pentad.encoders.parameters import count_together
    from pentad.encoders.protocol import space_of

    return RunInfo(
        name=name,
        spaces={m.value: space_of(e) for m, e in encoders.items()},
        fingerprints={m.value: e.fingerprint for m, e in encoders.items()},
        dim=max((e.dim for e in encoders.values()), default=0),
        parameters=count_together(encoders.values()),
        encode_seconds=dict(encode_seconds or {}),
        versions=versions(),
        seed=seed,
        notes=notes,
    )


def versions() -> dict[str, str]:
    """Return the versions that results may depend on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import numpy as np

    try:
        ours = version("pentad")
    except PackageNotFoundError:  # run from a checkout that is not installed
        ours = "unknown"
    return {"pentad": ours, "python": platform.python_version(), "numpy": np.__version__}


def info_from_json(value: Mapping[str, Any]) -> RunInfo:
    """Return what `RunInfo.to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: It has another form.
    """
    if value["version"] != VERSION:
        raise ValueError(f"version {value['version']!r}")
    parameters = value["parameters"]
    info = RunInfo(
        name=_text(value["name"]),
        spaces=_texts(value["spaces"]),
        fingerprints=_texts(value["fingerprints"]),
        dim=_count(value["dim"]),
        parameters=None if parameters is None else _count(parameters),
        encode_seconds={str(m): _seconds(s) for m, s in value["encode_seconds"].items()},
        versions=_texts(value["versions"]),
        seed=int(value["seed"]),
        notes=tuple(_text(note) for note in value["notes"]),
    )
    if value["model"] != info.fingerprint:
        raise ValueError("its fingerprint is not that of its encoders")
    return info


def _texts(value: Any) -> dict[str, str]:
    return {_text(key): _text(text) for key, text in value.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"not a count: {value!r}")
    return value


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    seconds = float(value)
    if not isfinite(seconds) or seconds < 0:
        raise ValueError(f"not a number of seconds: {value!r}")
    return seconds
