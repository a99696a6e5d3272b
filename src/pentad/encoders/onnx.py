"""Any ONNX model with a card as an encoder of text, pictures (and frames and views) or sounds.

Row i depends on input i alone, to the bit. A picture or a patch list is a run of its own; captions of
equal length share runs only where a trial at loading gives the same bits alone and in company. Runs
are spread over threads, preprocessing included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_file, fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.inputs import check_batch_size, check_inputs, check_modality
from pentad.encoders.onnx_audio import AudioFront
from pentad.encoders.onnx_card import OnnxCard, read_onnx_card
from pentad.encoders.onnx_files import external_files
from pentad.encoders.onnx_image import ImageFront
from pentad.encoders.onnx_pooling import Floats, activated, normalized, over_rows
from pentad.encoders.onnx_schema import COMMON, PREPROCESS
from pentad.encoders.onnx_session import Feed, Session
from pentad.encoders.onnx_text import TextFront
from pentad.encoders.protocol import Classified
from pentad.media.types import DecodeOptions, Media

_TEXTS_A_RUN = 32
_TOKENS_A_RUN = 4096
_NOT_IN_VECTORS = frozenset({"name", "file", "tokenizer", "classes", "inputs"})
_FRONTS: dict[Modality, Callable[[OnnxCard, Session], Front]] = {}

T = TypeVar("T")
R = TypeVar("R")


class Front(Protocol):
    """What one kind of preprocessing offers: see `TextFront`, `ImageFront`, `AudioFront`."""

    version: int
    modalities: tuple[Modality, ...]
    row_pooling: str
    stackable: bool

    def accepts(self, modality: Modality) -> type:
        """Return the type of one input."""

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""

    def feeds(self, item: Any) -> list[Feed]:
        """Return the runs of one input."""

    def probes(self) -> list[Feed]:
        """Return runs to try the model with."""

    def rows(self, output: NDArray[Any], feed: Feed) -> Floats:
        """Return (n, dim) of one run."""

    def facts(self, item: Any) -> dict[str, Any]:
        """Return what a golden file may say about the preprocessing of one input."""
