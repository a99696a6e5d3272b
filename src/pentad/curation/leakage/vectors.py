"""The vectors of one side: those that its workspace has, else made in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.side import Side
from pentad.embeddings.embed import embed
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.protocol import Encoder, space_of
from pentad.encoders.registry import get_encoder

_FINGERPRINT = re.compile(r"-[0-9a-f]{8}$")
Given = Mapping[Modality, tuple[Embeddings, Embeddings]]


@dataclass(frozen=True)
class EmbeddingCheck:
    """How embeddings are compared.

    Attributes:
        encoder: What encodes both sides, or the name that it has; vectors that a workspace has of
            its space are taken as they are.
        space: In place of an encoder: a space that both workspaces have, with or without the
            fingerprint at the end of its name.
        vectors: In place of both: modality -> vectors of the training and the evaluation side,
            their ids those of the items.
        threshold: The least cosine that counts; None to set it from the training items.
        rate: Share of unrelated evaluation items that may reach the threshold by chance.
        seed: Of what is sampled to set it.
    """

    encoder: Encoder | str | None = None
    space: str | None = None
    vectors: Given = field(default_factory=dict)
    threshold: float | None = None
    rate: float = 0.001
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the threshold and the rate, before anything else is done."""
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            raise InputError("the threshold is no cosine", expected="-1 to 1", seen=self.threshold)
        if not 0 < self.rate < 1:
            raise InputError(
                "the rate of false alarms is out of range", expected="0 to 1", seen=self.rate
            )

    @property
    def asked(self) -> bool:
        """Whether there is anything to compare by."""
        return self.encoder is not None or self.space is not None or bool(self.vectors)


class VectorSource:
    """Gives the vectors of both sides, as the check says."""

    def __init__(
        self, check: EmbeddingCheck, workers: int | None = None, progress: Progress = SILENT
    ) -> None:
        given = check.encoder
        self._encoder = get_encoder(given) if isinstance(given, str) else given
        self._check = check
        self._workers, self._progress = workers, progress

    def modalities(self, train: Side, evaluation: Side) -> tuple[Modality, ...]:
        """Return the modalities of which both sides have items, and vectors can be had."""
        both = [m for m in train.catalog.modalities if m in evaluation.catalog.modalities]
        if self._check.vectors:
            return tuple(m for m in both if m in self._check.vectors)
        if self._encoder is not None:
            return tuple(m for m in both if m in self._encoder.modalities)
        return tuple(m for m in both if self._stored(train, m) and self._stored(evaluation, m))

    def pair(
        self, train: Side, evaluation: Side, modality: Modality
    ) -> tuple[Embeddings, Embeddings]:
        """Return the vectors of both sides.

        Raises:
            InputError: Nothing of a side could be encoded.
            StoreError: Vectors of a workspace are damaged.
        """
        if self._check.vectors:
            return self._check.vectors[modality]
        return self._of(train, modality), self._of(evaluation, modality)

    def require_space(self, train: Side, evaluation: Side) -> None:
        """Raise `UnknownName` where the space that was named is not on both sides."""
        space = self._check.space
        if space is None or self._encoder is not None or self._check.vectors:
            return
        for side in (train, evaluation):
            known = _spaces(side)
            if not any(_is_called(name, space) for name in known):
                raise UnknownName(f"space of {side.name}", space, known)

    def _of(self, side: Side, modality: Modality) -> Embeddings:
        items = side.catalog.items(modality)
        folder = self._stored(side, modality)
        if folder is not None and side.workspace is not None:
            return Embeddings.load(side.workspace.root / folder).take(items.ids)
        if self._encoder is None:
            raise InputError(f"no {modality} embeddings", file=side.name)
        return embed(items, self._encoder, workers=self._workers, progress=self._progress)

    def _stored(self, side: Side, modality: Modality) -> str | None:
        """Return the folder of a workspace's vectors in the space that is meant, if any."""
        wanted = self._check.space if self._encoder is None else space_of(self._encoder)
        for name in _spaces(side):
            folder = f"embeddings/{name}/{modality.value}"
            there = side.workspace is not None and (side.workspace.root / folder).is_dir()
            if there and wanted is not None and _is_called(name, wanted):
                return folder
        return None


def _is_called(space: str, name: str) -> bool:
    return space == name or _FINGERPRINT.sub("", space) == name


def _spaces(side: Side) -> list[str]:
    if side.workspace is None:
        return []
    return sorted({path.parent.name for path in side.workspace.root.glob("embeddings/*/*")})
