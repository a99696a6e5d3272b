"""Which encoder serves which modality, from what the user named and what is built in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.encoders.builtin import BUILTIN
from pentad.encoders.families.expand import expand_presets
from pentad.encoders.protocol import Encoder, space_of
from pentad.encoders.registry import get_encoder
from pentad.encoders.specs import split_spec

_DERIVED = frozenset({Modality.VIDEO, Modality.POINTS})


@dataclass(frozen=True)
class Chosen:
    """An encoder and how it was named.

    Attributes:
        spec: Registered name, ``onnx:FOLDER`` or a path.
        encoder: The encoder itself.
    """

    spec: str
    encoder: Encoder

    @property
    def space(self) -> str:
        """Name of the space the encoder maps into."""
        return space_of(self.encoder)


EncoderPlan = Mapping[Modality, tuple[Chosen, ...]]


Named = tuple[Modality | None, Chosen]
"""The modality an encoder was named for, if any, and the encoder."""


def load_encoders(specs: Sequence[str]) -> list[Named]:
    """Return the encoders of ``[MODALITY=]NAME`` specs, loaded.

    A name of a set (`pentad.encoders.families.presets.SETS`) stands for all that is in it.

    Raises:
        UnknownName: A modality or an encoder is not known.
        InputError: An encoder cannot be loaded, or cannot encode the modality it was named for.
    """
    named: list[Named] = []
    for spec in expand_presets(specs):
        modality, name = _split(spec)
        chosen = Chosen(name, get_encoder(name))
        if modality is not None:
            _require(chosen, modality)
        named.append((modality, chosen))
    return named


def plan_encoders(named: Sequence[Named], modalities: Iterable[Modality]) -> EncoderPlan:
    """Return the encoders of each modality.

    An encoder named for a modality (``video=NAME``) serves that one alone. One named without serves
    all it can, except what another was named for. An image encoder sees videos frame by frame and
    points as rendered views only where no encoder of their own kind was named. What is left over is
    served by the built-in descriptors.

    Args:
        named: What the user named, from `load_encoders`.
        modalities: What there are items of.
    """
    own: dict[Modality, list[Chosen]] = {}
    for modality, chosen in named:
        if modality is not None:
            own.setdefault(modality, []).append(chosen)
    free = [chosen for modality, chosen in named if modality is None]
    return {m: tuple(own.get(m) or _unnamed(m, free)) for m in modalities}


def spaces_of(plan: EncoderPlan) -> dict[Modality, tuple[str, ...]]:
    """Return the spaces of each modality, in the order of its encoders."""
    return {m: tuple(c.space for c in chosen) for m, chosen in plan.items()}


def only_modalities(plan: EncoderPlan, wanted: Sequence[str]) -> EncoderPlan:
    """Return the part of a plan for some modalities; all of it where none is named.

    Raises:
        UnknownName: A name is no modality.
        InputError: There are no items of one.
    """
    kinds = [as_modality(name) for name in wanted]
    for kind in kinds:
        if kind not in plan:
            have = ", ".join(m.value for m in plan)
            raise InputError(f"there are no {kind.value} items", expected=have)
    return {m: chosen for m, chosen in plan.items() if m in kinds or not kinds}


def _split(spec: str) -> tuple[Modality | None, str]:
    modality, name = split_spec(spec)
    if modality is None:
        return None, name
    if not name:
        raise InputError(f"-m {spec}: no encoder after '='", expected="MODALITY=NAME")
    return as_modality(modality), name


def _require(chosen: Chosen, modality: Modality) -> None:
    if modality not in chosen.encoder.modalities:
        can = ", ".join(m.value for m in chosen.encoder.modalities)
        raise InputError(f"{chosen.spec} does not encode {modality.value}", expected=can)


def _unnamed(modality: Modality, free: Sequence[Chosen]) -> list[Chosen]:
    able = [c for c in free if modality in c.encoder.modalities]
    if modality in _DERIVED:
        own = [c for c in able if Modality.IMAGE not in c.encoder.modalities]
        able = own or able
    return able or [Chosen(BUILTIN[modality], get_encoder(BUILTIN[modality]))]
