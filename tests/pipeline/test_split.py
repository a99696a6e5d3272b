"""Nothing of a held-out concept reaches anything that is learned or chosen for its scores."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.evaluation.retrieval_suite import evaluate_vectors, shuffled_control
from pentad.pipeline import chain
from pentad.pipeline.build import build
from pentad.pipeline.frozen import Frozen, held_out_units
from pentad.pipeline.heldout import evaluate_model
from pentad.pipeline.judge import captions_of, labelled
from pentad.pipeline.learned import bridge_data, learn_model
from pentad.pipeline.making import Making
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.plan import plan_encoders
from pentad.pipeline.steps import load_frozen
from pentad.pipeline.trained import fit_gates, train_model
from pentad.store.captions import caption_key
from pentad.store.workspace import Workspace
from tests.pipeline.shared import K, rows_of, write_rows

pytestmark = [pytest.mark.usefixtures("short"), pytest.mark.slow]

MAKING = Making(NeighborOptions(k=K))


def frozen_of(workspace) -> tuple[dict, Frozen]:
    opened = Workspace.open(workspace)
    catalog = opened.catalog()
    plan = plan_encoders([], catalog.modalities)
    return plan, load_frozen(opened, catalog, plan)


def keys_of_held_out_items(frozen: Frozen, held: np.ndarray) -> set[str]:
    """Return every caption key that some held-out item has."""
    keys = set()
    for modality in MEDIA_MODALITIES:
        ids = frozen.catalog.items(modality).ids[held[frozen.units.of[modality]]]
        captions = captions_of(frozen.catalog, modality)
        keys |= {key for i in ids.tolist() for key in captions.get(i, ())}
    return keys


def leaks(frozen: Frozen, held: np.ndarray, training: Frozen, groups=None) -> list[str]:
    """Return everything in training features and groups that belongs to a held-out concept."""
    found = []
    texts = frozen.catalog.items(Modality.TEXT)
    keys = dict(zip(texts.ids.tolist(), map(caption_key, texts.captions), strict=True))
    bad_keys = keys_of_held_out_items(frozen, held)
    bad = {"text": {i for i, key in keys.items() if key in bad_keys}}
    for modality in MEDIA_MODALITIES:
        ids = frozen.catalog.items(modality).ids
        bad[modality.value] = set(ids[held[frozen.units.of[modality]]].tolist())
    for modality, features in training.features.items():
        found += [f"feature {modality} {i}" for i in bad[modality.value] & {*features.ids.tolist()}]
    for table in [] if groups is None else [groups.frame()]:
        for modality, ids in bad.items():
            if f"{modality}_id" in table.columns:
                used = set(table[f"{modality}_id"].drop_nulls().to_list())
                found += [f"group {modality} {i}" for i in ids & used]
    return found


@pytest.mark.parametrize("fold", range(5))
def test_no_item_and_no_caption_of_a_held_out_concept_is_in_the_training_part(built, fold):
    _, frozen = frozen_of(built)
    held = held_out_units(frozen.units, 0, fold=fold)
    training, judged = frozen.split(held)
    assert held.any()
    assert not held.all()
    assert leaks(frozen, held, training) == []
    for modality, features in frozen.features.items():
        both = np.concatenate([training.features[modality].ids, judged.features[modality].ids])
        assert sorted(both.tolist()) == features.ids.tolist()


def test_every_concept_is_held_out_in_exactly_one_fold(built):
    _, frozen = frozen_of(built)
    folds = np.stack([held_out_units(frozen.units, 7, fold=f) for f in range(5)])
    assert (folds.sum(axis=0) == 1).all()


def test_a_caption_shared_with_a_held_out_item_is_judged_and_not_trained_on(pair):
    world = pair.parent / "world"
    rows = rows_of(world, "image")
    names = dict.fromkeys(row["file_name"] for row in rows)
    spellings = itertools.cycle(
        ["The very same CAPTION!", "a very same caption", "Very same caption"]
    )
    concepts = {row["file_name"]: row for row in rows}
    shared = [{**concepts[n], "caption": s} for n, s in zip(names, spellings, strict=False)]
    write_rows(world, "image", [*rows, *shared])
    build(world, pair, k=K)
    _, frozen = frozen_of(pair)
    held = held_out_units(frozen.units, 0)
    training, judged = frozen.split(held)
    assert "very same caption" in judged.caption_keys()
    assert "very same caption" not in training.caption_keys()
    assert leaks(frozen, held, training) == []


@pytest.fixture
def spied(monkeypatch):
    """Keep what the chain trains on and lines up, as it does."""
    seen = {"trained": [], "lined": [], "judged": []}

    def spy(module, name, key, pick):
        real = getattr(module, name)

        def watched(*args, **options):
            result = real(*args, **options)
            seen[key].append(pick(args, options, result))
            return result

        monkeypatch.setattr(module, name, watched)

    spy(chain, "train_model", "trained", lambda args, options, result: args[1:3])
    spy(chain, "judge", "judged", lambda args, options, result: args[0])
    spy(Making, "make", "lined", lambda args, options, result: result)
    return seen


def test_a_build_trains_on_nothing_that_it_is_judged_by(pair, spied):
    build(pair.parent / "world", pair, k=K, seed=3)
    (training, groups), (everything, published) = spied["trained"]
    held = held_out_units(everything.units, 3)
    assert leaks(everything, held, training, groups) == []
    assert len(groups.frame()) > 0
    assert len(spied["lined"]) == 4  # of the held-out run and of three folds within it
    for inner in spied["lined"]:
        assert leaks(everything, held, training, inner) == []
    (judged,) = spied["judged"]
    for modality in everything.features:
        ids = set(judged.features[modality].ids.tolist())
        assert ids.isdisjoint(training.features[modality].ids.tolist())
    assert leaks(everything, held, everything, published) != []


def test_the_check_for_leaks_sees_a_planted_one(pair, spied):
    build(pair.parent / "world", pair, k=K, seed=3)
    (training, groups), (everything, _) = spied["trained"]
    held = held_out_units(everything.units, 3)
    ids = everything.catalog.items("image").ids
    planted = int(ids[held[everything.units.of[Modality.IMAGE]]][0])
    table = groups.frame()
    values = table["image_id"].to_numpy().copy()
    values[0] = planted
    bad = replace(groups, table=table.with_columns(image_id=values))
    assert leaks(everything, held, training, bad) == [f"group image {planted}"]
    mixed = replace(
        training,
        features={**training.features, Modality.IMAGE: everything.features[Modality.IMAGE]},
    )
    assert f"feature image {planted}" in leaks(everything, held, mixed)


def with_noise(frozen: Frozen, held: np.ndarray) -> Frozen:
    """Return everything held out, captions included, with random numbers in its place."""
    rng = np.random.default_rng(0)
    _, judged = frozen.split(held)
    features = {}
    for modality, part in frozen.features.items():
        vectors = part.vectors.copy()
        rows = np.isin(part.ids, judged.features[modality].ids)
        vectors[rows] = rng.normal(size=vectors[rows].shape)
        features[modality] = replace(part, vectors=vectors)
    return replace(frozen, features=features)


def test_what_is_held_out_has_no_influence_on_bridge_weights_and_gates(built):
    plan, frozen = frozen_of(built)
    held = held_out_units(frozen.units, 0)
    learned = []
    for part in (frozen, with_noise(frozen, held)):
        training, _ = part.split(held)
        model, choices = learn_model(plan, bridge_data(training, {}), seed=0)
        gates = fit_gates(plan, training, {}, making=MAKING, seed=0, choices=choices)
        learned.append((model.fingerprint, choices, gates))
    assert learned[0] == learned[1]
    assert not np.array_equal(
        with_noise(frozen, held).features[Modality.IMAGE].vectors,
        frozen.features[Modality.IMAGE].vectors,
    )


def mean_gain(evaluations, metric: str = "hit@1") -> float:
    """Return value minus chance, the mean over directions between captions and files."""
    return float(
        np.mean(
            [
                s.value - s.chance
                for e in evaluations
                for s in e.scores
                if s.metric == metric and "text" in (s.query, s.corpus)
            ]
        )
    )


def score_fold(plan, frozen: Frozen, fold: int):
    """Return what a model scores on one fold that was learned and trained on the others."""
    training, judged = frozen.split(held_out_units(frozen.units, 0, fold=fold))
    bridge, _ = learn_model(plan, bridge_data(training, {}), seed=0)
    groups = MAKING.make(bridge, training)
    gates = dict.fromkeys(bridge.modalities, 1.0)
    model, _ = train_model(bridge, training, groups, gates, name="unified", seed=0)
    return evaluate_model(judged, model, 0)


def telling(frozen: Frozen) -> Frozen:
    """Return every item with the vector of one of its captions, so that much can be learned."""
    texts = frozen.features[Modality.TEXT]
    features = {Modality.TEXT: texts}
    for modality, part in frozen.features.items():
        if modality is not Modality.TEXT:
            text_of = {item: text for text, item, _ in frozen.pairs(modality).tolist()}
            rows = [text_of[item] for item in range(len(part))]
            features[modality] = replace(part, vectors=texts.vectors[rows])
    return replace(frozen, features=features)


def test_with_captions_shuffled_among_files_the_model_falls_to_chance(built):
    plan, frozen = frozen_of(built)
    known = telling(frozen)
    rng = np.random.default_rng(1)
    shuffled = {
        m: f if m is Modality.TEXT else replace(f, vectors=rng.permutation(f.vectors))
        for m, f in known.features.items()
    }
    gains = {}
    for name, part in {"as is": known, "shuffled": replace(known, features=shuffled)}.items():
        gains[name] = mean_gain(score_fold(plan, part, fold) for fold in range(5))
    assert abs(gains["shuffled"]) < 0.08
    assert gains["as is"] > 0.15


def test_the_shuffled_control_is_at_chance_over_many_shuffles(built):
    _, frozen = frozen_of(built)
    vectors = labelled(telling(frozen), lambda f: f.vectors, "captions")
    assert mean_gain([evaluate_vectors(vectors, ["hit@1"], resamples=10)]) > 0.4
    runs = [shuffled_control(vectors, ["hit@1"], seed=s, resamples=10) for s in range(10)]
    assert abs(mean_gain(runs)) < 0.03
