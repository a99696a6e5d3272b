"""What every encoder checks about the inputs it is handed."""

from __future__ import annotations

from collections.abc import Sequence

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.media.types import Image, Media, Points, Video, Views


def check_modality(name: str, modalities: Sequence[Modality], modality: str) -> Modality:
    """Return ``modality`` as a member, refusing one that the encoder ``name`` does not serve."""
    for known in modalities:
        if known == modality:
            return known
    served = ", ".join(m.value for m in modalities)
    raise InputError(f"encoder {name!r} does not encode {str(modality)!r}", expected=served)


def check_batch_size(batch_size: int | None) -> None:
    """Refuse a batch size below one."""
    if batch_size is not None and batch_size < 1:
        raise InputError("batch_size must be at least 1", seen=batch_size)


def check_on_cpu(name: str, device: str | None, dtype: str | None) -> None:
    """Refuse what an encoder that runs on the CPU in float32 cannot do."""
    if device is not None and str(device) not in ("cpu", "auto"):
        raise InputError(f"encoder {name!r} runs on the CPU only", expected="cpu", seen=device)
    check_float32(name, dtype)


def check_float32(name: str, dtype: str | None) -> None:
    """Refuse a type of number other than float32; the names of torch will do too."""
    if dtype is not None and str(dtype).removeprefix("torch.") != "float32":
        raise InputError(f"encoder {name!r} computes in float32", expected="float32", seen=dtype)


def check_always_unit(name: str, normalize: bool | None) -> None:
    """Refuse to hand out raw vectors where there are none."""
    if normalize is False:
        raise InputError(
            f"vectors of encoder {name!r} always have length 1; there are no raw ones",
            expected="normalize=None or True",
        )


def check_inputs(name: str, inputs: Sequence[Media], accepts: type | tuple[type, ...]) -> None:
    """Refuse one string for a list, inputs that are not an ``accepts``, and empty ones."""
    if isinstance(inputs, str):
        raise InputError(
            f"encoder {name!r} takes a list of inputs, not one string", seen=inputs[:40]
        )
    for index, item in enumerate(inputs):
        check_input(name, index, item, accepts)


def check_input(name: str, index: int, item: Media, accepts: type | tuple[type, ...]) -> None:
    """Refuse input ``index`` if it is not an ``accepts``, or empty."""
    if not isinstance(item, accepts):
        raise InputError(
            f"encoder {name!r} cannot take input {index}",
            expected=_names(accepts),
            seen=type(item).__name__,
        )
    if is_empty(item):
        raise InputError(f"encoder {name!r} cannot take input {index}: it is empty")


def is_empty(item: Media) -> bool:
    """Return whether there is nothing to see. Empty captions and silence are like other inputs."""
    match item:
        case Image(pixels=array) | Video(frames=array) | Views(images=array) | Points(xyz=array):
            return array.size == 0
        case _:
            return False


def _names(accepts: type | tuple[type, ...]) -> str:
    kinds = accepts if isinstance(accepts, tuple) else (accepts,)
    return " or ".join(kind.__name__ for kind in kinds)
