"""From frozen vectors to what is learned on them: bridge and baselines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.baselines import class_name_baseline, ridge_baseline
from pentad.bridge.data import BridgeData, Choice, NativePairs
from pentad.bridge.learn import learn_bridge
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.features import Features
from pentad.encoders.bridge_map import BridgeMap
from pentad.encoders.model import FrozenEncoder, Model
from pentad.encoders.protocol import Classifier
from pentad.encoders.registry import get_encoder
from pentad.pipeline.frozen import Frozen
from pentad.pipeline.models import BASELINES
from pentad.pipeline.plan import EncoderPlan

Choices = Mapping[Modality, Choice]


def class_name_vectors(plan: EncoderPlan, frozen: Frozen) -> dict[str, NDArray[np.float32]]:
    """Return, for each classifier in use, its class names as the text encoders see them."""
    used = {f.classifier for f in frozen.features.values() if f.classifier is not None}
    named: dict[str, tuple[str, ...]] = {}
    for modality, chosen in plan.items():
        for each in chosen if modality is not Modality.TEXT else ():
            if each.space in used and isinstance(each.encoder, Classifier):
                named[each.space] = each.encoder.classes
    texts = [c.encoder for c in plan[Modality.TEXT]]
    return {
        space: np.hstack([t.encode(names, modality=Modality.TEXT) for t in texts])
        for space, names in sorted(named.items())
    }


def bridge_data(frozen: Frozen, class_names: Mapping[str, NDArray[np.float32]]) -> BridgeData:
    """Return the native pairs of every modality as a bridge is learned from them."""
    keys = frozen.caption_keys()
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    key_of = np.array([number[key] for key in keys], dtype=np.int64)
    texts = frozen.features[Modality.TEXT]
    found = {}
    for modality in MEDIA_MODALITIES:
        if modality in frozen.features and len(frozen.features[modality]):
            rows = frozen.pairs(modality)
            if len(rows):
                found[modality] = _native(frozen.features[modality], texts, rows, key_of)
    return BridgeData(found, class_names)


def _native(
    items: Features, texts: Features, rows: NDArray[np.int64], key_of: NDArray[np.int64]
) -> NativePairs:
    return NativePairs(
        features=items.vectors[rows[:, 1]],
        texts=texts.vectors[rows[:, 0]],
        units=rows[:, 2],
        keys=key_of[rows[:, 0]],
        encoder="+".join(items.spaces),
        classifier=items.classifier,
        scores=None if items.scores is None else items.scores[rows[:, 1]],
        shared_at=_shared_at(items, texts),
    )


def _shared_at(items: Features, texts: Features) -> int | None:
    """Return the column at which the space that items and captions share begins, if they do."""
    if len(items.spaces) != 1 or items.spaces[0] not in texts.spaces:
        return None
    place = texts.spaces.index(items.spaces[0])
    return int(sum(texts.widths[:place]))


def frozen_encoders(plan: EncoderPlan) -> dict[Modality, tuple[FrozenEncoder, ...]]:
    """Return the entries of a plan's encoders, as a model keeps them."""
    return {m: tuple(FrozenEncoder.of(c.spec, c.encoder) for c in cs) for m, cs in plan.items()}


def make_model(name: str, plan: EncoderPlan, bridge: BridgeMap) -> Model:
    """Return a model that is the bridge alone."""
    loaded = {c.encoder.fingerprint: c.encoder for chosen in plan.values() for c in chosen}
    return Model(name, frozen_encoders(plan), bridge, find=get_encoder, _loaded=loaded)


def learn_model(
    plan: EncoderPlan, data: BridgeData, *, seed: int, choices: Choices | None = None
) -> tuple[Model, Choices]:
    """Learn the bridge and return it as a model; ``choices`` found before are used as they are."""
    bridge, chosen = learn_bridge(data, seed=seed, choices=choices)
    return make_model("bridge", plan, bridge), chosen


def baseline_models(
    plan: EncoderPlan, data: BridgeData, *, seed: int, choices: Choices | None = None
) -> tuple[dict[str, Model], Choices]:
    """Return plain ridge and class names alone by report name, and ridge's strengths."""
    ridge, chosen = ridge_baseline(data, seed=seed, choices=choices)
    maps = {"ridge": ridge, "bridge": class_name_baseline(data)}
    return {name: make_model(BASELINES[name], plan, maps[name]) for name in BASELINES}, chosen


def project(model: Model, features: Features) -> NDArray[np.float32]:
    """Return where a model puts the items of one modality."""
    return model.project(features.modality, features.vectors, features.scores)


def placed(model: Model, frozen: Frozen) -> dict[Modality, Embeddings]:
    """Return the embeddings of everything in ``frozen`` under a model."""
    space = f"{model.name}-{model.fingerprint[:8]}"
    return {
        m: Embeddings(
            project(model, features), features.ids, m, space, f"embeddings/{features.spaces[0]}/{m}"
        )
        for m, features in frozen.features.items()
        if m in model.modalities and len(features)
    }
