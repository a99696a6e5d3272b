"""How many numbers an encoder has learned, where that can be known.

Counted is what is loaded: of an encoder of captions and pictures both towers, whichever is used.
Numbers that two layers share count once. Of an ONNX model it is the floating-point and 8-bit
numbers among its stored tensors; what an exporter has folded into them counts too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from pentad.core.errors import PentadError
from pentad.encoders.protocol import Encoder


@runtime_checkable
class CountsParameters(Protocol):
    """An encoder that says by itself how many numbers it has learned."""

    @property
    def parameter_count(self) -> int | None: ...  # noqa: D102


def count_parameters(encoder: Encoder) -> int | None:
    """Return how many numbers an encoder has learned; None where that cannot be known.

    Args:
        encoder: Any; a saved model counts its frozen encoders, the bridge and the heads, and has to
            load the encoders for that.
    """
    if isinstance(encoder, CountsParameters):
        return encoder.parameter_count
    for count in (_of_descriptor, _of_onnx, _of_model, _of_projection, _of_views):
        found = count(encoder)
        if found is not None:
            return found[0]
    network: Any = getattr(encoder, "network", None)
    module = getattr(network, "module", None)
    return _of_module(getattr(encoder, "_bare", None) if module is None else module)


def count_together(encoders: Iterable[Encoder]) -> int | None:
    """Return the sum over several encoders, one that is there twice counted once.

    Args:
        encoders: Such as those of all modalities; equal fingerprints are one encoder.

    Returns:
        None where one of them is not known.
    """
    counts = [count_parameters(e) for e in {e.fingerprint: e for e in encoders}.values()]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _of_descriptor(encoder: Any) -> tuple[int] | None:
    from pentad.encoders.descriptors.base import Descriptor

    return (0,) if isinstance(encoder, Descriptor) else None


def _of_onnx(encoder: Any) -> tuple[int] | None:
    from pentad.encoders.onnx.encoder import OnnxEncoder
    from pentad.encoders.onnx.initializers import count_initializers

    return (count_initializers(encoder.model_file),) if isinstance(encoder, OnnxEncoder) else None


def _of_model(encoder: Any) -> tuple[int | None] | None:
    from pentad.encoders.bridge_file import bridge_to_tensors
    from pentad.encoders.model import Model

    if not isinstance(encoder, Model):
        return None
    tensors, _ = bridge_to_tensors(encoder.bridge)
    for modality, head in encoder.heads.items():
        tensors |= head.tensors(modality.value)
    return (_above(encoder, sum(int(tensor.size) for tensor in tensors.values())),)


def _of_projection(encoder: Any) -> tuple[int | None] | None:
    from pentad.encoders.projection import ProjectionModel

    if not isinstance(encoder, ProjectionModel):
        return None
    return (_above(encoder, sum(head.numbers for head in encoder.heads.values())),)


def _of_views(encoder: Any) -> tuple[int | None] | None:
    from pentad.encoders.points.multi_view import MultiView

    return (count_parameters(encoder._encoder),) if isinstance(encoder, MultiView) else None


def _above(model: Any, own: int) -> int | None:
    """Return the numbers of a model and of the frozen encoders below it."""
    try:
        frozen = [encoder for m in model.modalities for encoder in model.frozen(m)]
    except PentadError:  # an encoder is not here: only its vectors are known
        return None
    below = count_together(frozen)
    return None if below is None else below + own


def _of_module(module: Any) -> int | None:
    """Return the numbers of a torch module, which names each of them once."""
    parameters = getattr(module, "parameters", None)
    if not callable(parameters):
        return None
    try:
        return sum(int(tensor.numel()) for tensor in parameters())
    except (TypeError, AttributeError):  # some other thing of that name
        return None
