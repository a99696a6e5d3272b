"""An encoder for mteb, the benchmark of embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.adapters.inputs import encoded
from pentad.encoders.adapters.likeness import cosines, paired_cosines
from pentad.encoders.families.optional import imported
from pentad.encoders.protocol import Encoder
from pentad.encoders.vectors import normalized_rows

if TYPE_CHECKING:
    import torch

_KNOWN = (Modality.TEXT, Modality.IMAGE, Modality.AUDIO, Modality.VIDEO)
_AT_ONCE = 1024

Floats = NDArray[np.float32]


class MtebEncoder:
    """What mteb's ``EncoderProtocol`` asks for. Made by `to_mteb`."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    @cached_property
    def mteb_model_meta(self) -> Any:
        """What mteb writes down of a model; results are kept under its name and revision."""
        models = imported("mteb.models.model_meta", package="mteb", extra="mteb")
        return models.ModelMeta.create_empty(
            {
                "name": f"pentad/{self.encoder.name}",
                "revision": self.encoder.fingerprint[:12],
                "embed_dim": self.encoder.dim,
                "similarity_fn_name": models.ScoringFunction.COSINE,
                "modalities": [m.value for m in self.encoder.modalities if m in _KNOWN],
            }
        )

    def encode(
        self,
        inputs: Iterable[Mapping[str, Sequence[Any]]],
        *,
        task_metadata: Any,
        hf_split: str = "",
        hf_subset: str = "",
        prompt_type: Any = None,
        **kwargs: Any,
    ) -> Floats:
        """Return float32 (items, dim), unit rows.

        An item with more than one modality, such as a picture and a caption, gets the sum of the
        unit vectors of those that the encoder takes, at length 1.

        Args:
            inputs: Batches: columns by name, such as ``text``, ``image``, ``audio`` and ``video``.
            task_metadata: Says which columns count.
            hf_split: Of no matter here.
            hf_subset: Likewise.
            prompt_type: Queries or documents; the task may give them other columns.
            kwargs: Batch size and progress: the encoder chooses how many rows go together.

        Raises:
            InputError: The encoder takes none of a batch's columns.
        """
        wanted = _wanted(task_metadata, prompt_type)
        parts = [np.zeros((0, self.encoder.dim), dtype=np.float32)]
        texts: list[Any] = []
        for batch in inputs:
            columns = self._columns(batch, wanted)
            alone = columns.keys() == {Modality.TEXT}
            if texts and (not alone or len(texts) >= _AT_ONCE):
                parts.append(self._rows({Modality.TEXT: texts}))
                texts = []
            if alone:
                texts = [*texts, *columns[Modality.TEXT]]
            else:
                parts.append(self._rows(columns))
        if texts:
            parts.append(self._rows({Modality.TEXT: texts}))
        return np.concatenate(parts)

    def similarity(self, embeddings1: Any, embeddings2: Any) -> torch.Tensor:
        """Return the cosine of every row of the one with every row of the other."""
        return cosines(embeddings1, embeddings2)

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> torch.Tensor:
        """Return the cosine of every row of the one with the same row of the other."""
        return paired_cosines(embeddings1, embeddings2)

    def _columns(
        self, batch: Mapping[str, Sequence[Any]], wanted: frozenset[str]
    ) -> dict[Modality, list[Any]]:
        served = [m for m in self.encoder.modalities if m.value in batch and m.value in wanted]
        if not served:
            names = ", ".join(m.value for m in self.encoder.modalities)
            seen = ", ".join(sorted(name for name in batch if name in wanted)) or "none"
            raise InputError(
                f"encoder {self.encoder.name!r} takes no column of this task",
                expected=names,
                seen=seen,
            )
        return {modality: list(batch[modality.value]) for modality in served}

    def _rows(self, columns: Mapping[Modality, Sequence[Any]]) -> Floats:
        each = [normalized_rows(encoded(self.encoder, v, m)) for m, v in columns.items()]
        return each[0] if len(each) == 1 else normalized_rows(np.sum(each, axis=0))


def to_mteb(encoder: Encoder) -> MtebEncoder:
    """Return an encoder as mteb takes it: ``mteb.evaluate(to_mteb(encoder), tasks)``.

    mteb itself is needed only once it asks for ``mteb_model_meta``.
    """
    return MtebEncoder(encoder)


def _wanted(task: Any, prompt_type: Any) -> frozenset[str]:
    """Return the columns that a task wants encoded; all where it does not say."""
    ask = getattr(task, "get_modalities", None)
    names = ask(prompt_type) if callable(ask) else [m.value for m in _KNOWN]
    return frozenset(map(str, names))
