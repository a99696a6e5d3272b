"""Names of sets of encoders replaced by what is in them."""

from __future__ import annotations

from collections.abc import Iterable

from pentad.core.errors import InputError
from pentad.encoders.families.presets import SETS
from pentad.encoders.specs import split_spec


def expand_presets(specs: Iterable[str]) -> list[str]:
    """Return specs of encoders with every set replaced by what is in it.

    Args:
        specs: ``[MODALITY=]NAME``, or the name of a set.

    Raises:
        InputError: A set is asked for one modality.

    Examples:
        >>> expand_presets(["hashed-text", "bert-clip-clap"])[:2]
        ['hashed-text', 'text=bert-base-uncased-pooler']
    """
    out: list[str] = []
    for spec in specs:
        modality, name = split_spec(spec)
        if name not in SETS:
            out.append(spec)
            continue
        if modality is not None:
            raise InputError(
                f"{name} is a set of encoders, not one for {modality}",
                expected=" ".join(f"-m {each}" for each in SETS[name].specs),
            )
        out.extend(SETS[name].specs)
    return out
