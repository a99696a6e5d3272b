"""Sounds in windows of the length that an audio tower was trained on, and their log-mel spectra."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.encoders.families.folder import require_processor
from pentad.encoders.families.hf_model import quiet
from pentad.encoders.families.vision import plain
from pentad.encoders.families.why import why

Samples = NDArray[np.float32]

_ABOUT_OTHERS = frozenset({"feature_extractor_type", "processor_class", "mel_filters", "window"})


def windows(samples: Samples, size: int) -> list[Samples]:
    """Cut a sound into windows that follow one another.

    Args:
        samples: (n,). Without any, it is one sample of silence.
        size: Samples of a window; the last one has what is left.
    """
    some = samples if len(samples) else np.zeros(1, dtype=np.float32)
    return [some[start : start + size] for start in range(0, len(some), size)]


def even_windows(samples: Samples, most: int) -> list[Samples]:
    """Cut a sound into as few windows of at most ``most`` samples as will do, all about as long."""
    count = -(-len(samples) // most)
    return windows(samples, -(-len(samples) // count) if count else 1)


def load_extractor(folder: Path, class_name: str, *, positive: Sequence[str] = ()) -> Any:
    """Return the feature extractor of the class ``transformers.<class_name>`` from a folder.

    Args:
        folder: The folder.
        class_name: The class.
        positive: Names of its attributes that must be whole numbers above zero.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    import transformers

    require_processor(folder)
    try:
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # published numbers leave filters empty
            kind = getattr(transformers, class_name)
            extractor = kind.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise InputError(
            f"its feature extractor cannot be loaded ({why(error)})", file=folder
        ) from error
    for name in positive:
        value = getattr(extractor, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(
                f"its feature extractor has a wrong {name}",
                file=folder,
                expected="a whole number above 0",
                seen=repr(value),
            )
    return extractor


def extractor_settings(extractor: Any) -> dict[str, object]:
    """Return what decides the features that the network sees."""
    values = {k: v for k, v in extractor.to_dict().items() if k not in _ABOUT_OTHERS}
    return {k: plain(v) for k, v in sorted(values.items()) if not k.startswith("_")}
