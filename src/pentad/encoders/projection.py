"""`ProjectionModel`: modalities in one space, each by a head over vectors of frozen encoders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.core.modality import Modality
from pentad.encoders.accept import for_encoder
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.inputs import check_always_unit, check_modality
from pentad.encoders.projection_head import BLOCK, ProjectionHead, unit_float32
from pentad.encoders.protocol import ChoosesDecoding, Encoder, place_encoder, space_of
from pentad.encoders.registry import get_encoder
from pentad.media.types import DecodeOptions


class Embedded(Protocol):
    """What `ProjectionModel.embed` needs of embeddings: `pentad.Embeddings` has it."""

    @property
    def vectors(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def ids(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def modality(self) -> Modality: ...  # noqa: D102
    @property
    def space(self) -> str: ...  # noqa: D102


E = TypeVar("E", bound=Embedded)
Given = str | Encoder


@dataclass(frozen=True, eq=False)
class ProjectionModel:
    """An encoder for every modality it was trained on; all of them share its space.

    Attributes:
        name: Its name.
        sources: Modality -> the spaces of frozen vectors it takes, side by side as unit rows.
        heads: By modality; one without a head is an anchor: its frozen vectors are the space.
        dim: Length of a vector.
        log_scale: ln(1 / temperature) at the end of training.
        find: Gives an encoder for its spec.
        revision: Version of the arithmetic.
        notes: How it was trained, as plain values.
        metrics: How training went, a row a step.
    """

    name: str
    sources: Mapping[Modality, tuple[FrozenSource, ...]]
    heads: Mapping[Modality, ProjectionHead]
    dim: int
    log_scale: float = 0.0
    find: Callable[[str], Encoder] | None = None
    revision: str = "1"
    notes: Mapping[str, Any] = field(default_factory=dict)
    metrics: Sequence[Mapping[str, float]] = field(default=(), repr=False)
    _loaded: dict[str, Encoder] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        for modality in self.modalities:
            width, head = self.width(modality), self.heads.get(modality)
            wanted = (width, self.dim) if head is None else (head.width, head.dim)
            if wanted != (width, self.dim) or (head is None and width != self.dim):
                raise InputError(
                    f"the head of {modality.value} does not fit",
                    expected=(width, self.dim),
                    seen=(width, width) if head is None else (head.width, head.dim),
                )

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it can encode."""
        return tuple(m for m in Modality if m in self.sources)

    @property
    def anchors(self) -> tuple[Modality, ...]:
        """The modalities whose frozen vectors are left as they are."""
        return tuple(m for m in self.modalities if m not in self.heads)

    @cached_property
    def fingerprint(self) -> str:
        """64 hex digits over the frozen spaces and the heads."""
        frozen = {m.value: [(s.space, s.width) for s in self.sources[m]] for m in self.modalities}
        prints = {k: fingerprint_array(v) for k, v in self.tensors().items()}
        return fingerprint_value([self.revision, self.dim, frozen, prints])

    @property
    def space(self) -> str:
        """The name of the space it encodes into."""
        return space_of(self)

    def width(self, modality: str) -> int:
        """Return the length of a frozen vector: that of all its spaces together."""
        return sum(source.width for source in self.sources[self._known(modality)])

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the numbers of all heads by name."""
        named = (head.tensors(f"heads.{m.value}") for m, head in sorted(self.heads.items()))
        return {name: array for tensors in named for name, array in tensors.items()}

    def project(self, modality: str, vectors: NDArray[Any]) -> NDArray[np.float32]:
        """Return float32 (n, dim) unit rows for frozen vectors of one modality.

        Args:
            modality: What the rows are.
            vectors: (n, width): where the modality has several spaces, their vectors side by side.
        """
        kind = self._known(modality)
        if vectors.ndim != 2 or vectors.shape[1] != self.width(kind):
            raise InputError(
                f"vectors of {kind.value} have another shape",
                expected=f"(items, {self.width(kind)})",
                seen=vectors.shape,
            )
        ends = np.cumsum([source.width for source in self.sources[kind]])[:-1]
        result = np.empty((len(vectors), self.dim), dtype=np.float32)
        for start in range(0, len(vectors), BLOCK):
            rows = slice(start, start + BLOCK)
            result[rows] = self._project(kind, np.split(vectors[rows], ends, axis=1))
        return result

    def embed(self, embeddings: E | Sequence[E]) -> E:
        """Bring frozen embeddings into the model's space.

        Args:
            embeddings: Of one modality; where it has several spaces one for each, in any order. The
                ids that all of them have are kept.

        Returns:
            Embeddings of the same kind and precision in the model's space, unit rows.

        Raises:
            InputError: The model does not know the modality, or one of its spaces is missing.
            SpaceMismatch: They are of another space than the model was trained on.
        """
        parts = list(embeddings) if isinstance(embeddings, Sequence) else [embeddings]
        if not parts:
            raise InputError("there are no embeddings to bring into the model's space")
        kind = self._known(parts[0].modality)
        ordered = self._ordered(kind, parts)
        ids = ordered[0].ids
        for part in ordered[1:]:
            ids = np.intersect1d(ids, part.ids, assume_unique=True)
        places = [np.searchsorted(part.ids, ids) for part in ordered]
        result = np.empty((len(ids), self.dim), dtype=ordered[0].vectors.dtype)
        for start in range(0, len(ids), BLOCK):
            rows = slice(start, start + BLOCK)
            taken = [p.vectors[place[rows]] for p, place in zip(ordered, places, strict=True)]
            result[rows] = self._project(kind, taken)
        placed: Any = ordered[0]
        changed: E = replace(placed, vectors=result, ids=ids, space=self.space, location="")
        return changed

    def place(self, device: str | None = None, dtype: str | None = None) -> ProjectionModel:
        """Move the frozen encoders, or choose their type of number; what is None stays as it is.

        Raises:
            InputError: A frozen encoder is missing, or cannot go there.
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
            InputError: The model does not know the modality, a frozen encoder is missing or has
                changed, an input cannot be taken, or an argument is wrong.
            DecodeError: An input that is a file or bytes cannot be decoded.
        """
        kind = self._known(modality)
        check_always_unit(self.name, normalize)
        vectors = []
        for encoder in self.frozen(kind):
            place_encoder(encoder, device, dtype)
            given = for_encoder(encoder, inputs, kind)
            vectors.append(encoder.encode(given, modality=kind, batch_size=batch_size))
        return self._project(kind, vectors)

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return how files of ``modality`` are to be decoded.

        Raises:
            InputError: Its encoders want the same file decoded in different ways.
        """
        wanted = {
            e.decode_options(modality) if isinstance(e, ChoosesDecoding) else DecodeOptions()
            for e in self.frozen(modality)
        }
        if len(wanted) > 1:
            raise InputError(
                f"the encoders of {modality} decode differently; embed with each, then use embed()"
            )
        return wanted.pop()

    def frozen(self, modality: str) -> list[Encoder]:
        """Return the frozen encoders of one modality, checked; each is loaded once."""
        found = []
        for source in self.sources[self._known(modality)]:
            if source.space not in self._loaded:
                self._loaded[source.space] = source.load(self.find)
            found.append(self._loaded[source.space])
        return found

    def with_encoders(self, encoders: Mapping[str, Given | Sequence[Given]]) -> ProjectionModel:
        """Return the model with encoders for spaces of which only vectors were known.

        Args:
            encoders: Modality -> its encoder, or several: what `get_encoder` finds them by, which
                is saved with the model, or encoders themselves, which serve this object alone.

        Raises:
            InputError: An encoder is not the one that the model was trained on.
        """
        loaded, sources = dict(self._loaded), dict(self.sources)
        for modality, given in encoders.items():
            kind = self._known(modality)
            several = not isinstance(given, str) and isinstance(given, Sequence)
            for one in cast("Sequence[Given]", given) if several else [cast("Given", given)]:
                encoder, found = self._found(sources[kind], one)
                loaded[found.space] = encoder
                sources[kind] = tuple(found if s.space == found.space else s for s in sources[kind])
        return replace(self, sources=sources, _loaded=loaded)

    def _found(self, sources: Sequence[FrozenSource], given: Given) -> tuple[Encoder, FrozenSource]:
        encoder = (self.find or get_encoder)(given) if isinstance(given, str) else given
        by_space = {source.space: source for source in sources}
        source = by_space.get(space_of(encoder), sources[0])
        source.check(encoder)
        if not isinstance(given, str):
            return encoder, source
        return encoder, replace(source, spec=given, fingerprint=encoder.fingerprint)

    def save(self, folder: str | Path) -> None:
        """Write the model, how its training went and its card; `load_model` reads the folder."""
        from pentad.encoders.projection_file import save_projection

        save_projection(self, Path(folder))

    def _project(self, kind: Modality, parts: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        frozen = np.hstack([unit_float32(part) for part in parts])
        head = self.heads.get(kind)
        if head is None:
            return unit_float32(frozen)
        projected = unit_float32(head.apply(frozen))
        projected[~frozen.any(axis=1)] = 0.0
        return projected

    def _ordered(self, kind: Modality, parts: Sequence[E]) -> list[E]:
        known = {part.space: part for part in parts}
        wanted = [source.space for source in self.sources[kind]]
        for part in parts:
            if part.space not in wanted:
                raise SpaceMismatch(part.space, ", ".join(wanted))
            if part.modality is not kind:
                raise InputError(
                    "embeddings are of one modality", expected=kind, seen=part.modality
                )
        missing = [space for space in wanted if space not in known]
        if missing:
            raise InputError(f"the model needs {kind.value} embeddings of {', '.join(missing)} too")
        return [known[space] for space in wanted]

    def _known(self, modality: str) -> Modality:
        return check_modality(self.name, self.modalities, modality)
