"""`Model`: all modalities in one space. Frozen encoders, the bridge, and trained heads on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.core.modality import Modality, as_modality
from pentad.encoders.accept import for_encoder
from pentad.encoders.bridge_file import bridge_to_tensors
from pentad.encoders.bridge_map import BridgeMap, unit
from pentad.encoders.heads import Head
from pentad.encoders.inputs import check_always_unit
from pentad.encoders.protocol import (
    ChoosesDecoding,
    Classifier,
    Encoder,
    is_row_independent,
    place_encoder,
    space_of,
)
from pentad.media.types import DecodeOptions


@dataclass(frozen=True)
class FrozenEncoder:
    """An encoder that a model stands on.

    Attributes:
        spec: What `get_encoder` finds it by.
        name: Its name.
        space: Its space.
        fingerprint: What it must have when it is loaded.
    """

    spec: str
    name: str
    space: str
    fingerprint: str

    @classmethod
    def of(cls, spec: str, encoder: Encoder) -> FrozenEncoder:
        """Return the entry of a loaded encoder."""
        return cls(spec, encoder.name, space_of(encoder), encoder.fingerprint)

    def check(self, encoder: Encoder) -> Encoder:
        """Return ``encoder`` if it is the one that is meant.

        Raises:
            InputError: It has changed since the model was trained.
        """
        if encoder.fingerprint != self.fingerprint:
            raise InputError(
                f"encoder {self.spec!r} has changed since the model was trained; "
                "put the old one back or train again",
                expected=self.space,
                seen=space_of(encoder),
            )
        return encoder


@dataclass(frozen=True, eq=False)
class Model:
    """An encoder for every modality it was trained on; all of them share its space.

    Attributes:
        name: Its name.
        encoders: Modality -> the frozen encoders behind it.
        bridge: From frozen vectors into the common space.
        heads: Trained corrections by modality; a modality without one is as the bridge leaves it.
        find: Gives an encoder for its spec.
        revision: Version of the arithmetic.
        notes: How it was trained, as plain values.
    """

    name: str
    encoders: Mapping[Modality, tuple[FrozenEncoder, ...]]
    bridge: BridgeMap
    heads: Mapping[Modality, Head] = field(default_factory=dict)
    find: Callable[[str], Encoder] | None = None
    revision: str = "1"
    notes: Mapping[str, Any] = field(default_factory=dict)
    _loaded: dict[str, Encoder] = field(default_factory=dict, repr=False)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it can encode."""
        return tuple(m for m in self.bridge.modalities if m in self.encoders)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.bridge.dim

    @property
    def row_independent(self) -> bool:
        """Whether every frozen encoder's rows are the same in any company."""
        frozen = (encoder for m in self.modalities for encoder in self.frozen(m))
        return all(is_row_independent(encoder) for encoder in frozen)

    @cached_property
    def fingerprint(self) -> str:
        """64 hex digits over the frozen encoders, the bridge and the heads."""
        tensors, values = bridge_to_tensors(self.bridge)
        for modality, head in self.heads.items():
            tensors |= head.tensors(f"heads.{modality.value}")
        values = {k: v for k, v in values.items() if k != "notes"}
        frozen = {m.value: [e.fingerprint for e in es] for m, es in self.encoders.items()}
        gates = {m.value: h.gate for m, h in self.heads.items()}
        prints = {k: fingerprint_array(np.asarray(v, np.float32)) for k, v in tensors.items()}
        return fingerprint_value([self.revision, frozen, values, gates, prints])

    def project(
        self, modality: str, features: NDArray[Any], scores: NDArray[Any] | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (n, dim) unit rows for frozen vectors of one modality.

        Args:
            modality: What the rows are.
            features: (n, frozen dim): unit vectors of the modality's encoders, side by side.
            scores: (n, classes) class scores of the first encoder that names classes.
        """
        vectors = self.bridge.encode(modality, features, scores)
        head = self.heads.get(as_modality(modality))
        return vectors if head is None else head.correct(vectors)

    def place(self, device: str | None = None, dtype: str | None = None) -> Model:
        """Move the frozen encoders, or choose their type of number; what is None stays as it is.

        Raises:
            InputError: A frozen encoder cannot go there.
        """
        for modality in self.modalities:
            for encoder in self.frozen(modality):
                place_encoder(encoder, device, dtype)
        return self

    def encode(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> NDArray[np.float32]:
        """Return float32 (len(inputs), dim), unit rows.

        Args:
            inputs: Captions; or decoded media, paths, bytes, pictures of Pillow, arrays, tensors:
                see `pentad.encoders.accept.accepted`.
            modality: What they are.
            batch_size: Handed on to the frozen encoders.
            normalize: None or True; there are no raw vectors.
            device: Handed on to the frozen encoders of this modality.
            dtype: Likewise.

        Raises:
            InputError: The model does not know the modality, a frozen encoder has changed, an input
                cannot be taken, or an argument is wrong.
            DecodeError: An input that is a file or bytes cannot be decoded.
        """
        kind = self._known(modality)
        check_always_unit(self.name, normalize)
        vectors, scores = [], None
        for encoder in self.frozen(kind):
            place_encoder(encoder, device, dtype)
            given = for_encoder(encoder, inputs, kind)
            if isinstance(encoder, Classifier) and scores is None:
                both = encoder.encode_and_classify(given, modality=kind, batch_size=batch_size)
                vectors.append(unit(both.vectors))
                scores = both.scores
            else:
                vectors.append(unit(encoder.encode(given, modality=kind, batch_size=batch_size)))
        return self.project(kind, np.hstack(vectors), scores)

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return how files of ``modality`` are to be decoded.

        Raises:
            InputError: Its encoders want the same file decoded in different ways.
        """
        wanted = {
            e.decode_options(modality) if isinstance(e, ChoosesDecoding) else DecodeOptions()
            for e in self.frozen(self._known(modality))
        }
        if len(wanted) > 1:
            raise InputError(
                f"the encoders of {modality} decode differently; "
                "embed with each, then use project()"
            )
        return wanted.pop()

    def frozen(self, modality: str) -> list[Encoder]:
        """Return the frozen encoders of one modality, loaded and checked."""
        return [self._load(entry) for entry in self.encoders[self._known(modality)]]

    def _known(self, modality: str) -> Modality:
        kind = as_modality(modality)
        if kind not in self.modalities:
            can = ", ".join(m.value for m in self.modalities)
            raise InputError(f"model {self.name!r} does not encode {kind.value}", expected=can)
        return kind

    def _load(self, entry: FrozenEncoder) -> Encoder:
        if entry.fingerprint not in self._loaded:
            if self.find is None:
                raise InputError(f"model {self.name!r} has no way to find encoder {entry.spec!r}")
            self._loaded[entry.fingerprint] = entry.check(self.find(entry.spec))
        return self._loaded[entry.fingerprint]
