"""`train` as a whole: what is planted is learned, nothing else is, and the bytes are the same."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.model_file import load_model
from pentad.groups.groups import Groups
from pentad.training.fit import train
from pentad.training.projection_settings import FitSettings
from tests.training.vectors import aligned, hit_rate, ids_of, world

pytestmark = pytest.mark.slow

ROWS = 800
QUICK = FitSettings(hidden=48, epochs=15, batch=128, lr=5e-3)
SMALL = FitSettings(hidden=6, epochs=2, batch=16)


@pytest.fixture(scope="module")
def pretrained():
    return train(aligned(ROWS), features=world(ROWS, 1), dim=16, settings=QUICK)


def arrays(model):
    return {name: array.tobytes() for name, array in model.tensors().items()}


def test_what_is_planted_is_learned_and_holds_for_others(pretrained):
    held = world(200, 2)
    for a, b in (("text", "image"), ("audio", "text"), ("text", "points"), ("image", "audio")):
        assert hit_rate(pretrained, held, a, b) > 0.3  # chance is 0.005
    losses = [row["loss"] for row in pretrained.metrics]
    assert losses[-1] < 0.5 * losses[0]


def test_shuffled_groups_teach_nothing_that_holds():
    frame = aligned(300)
    mixed = frame.with_columns(
        pl.col(name).shuffle(seed=number) for number, name in enumerate(frame.columns[2:])
    )
    model = train(mixed, features=world(300, 1), dim=16, settings=QUICK)
    held = world(200, 2)
    assert hit_rate(model, held, "text", "image") < 0.05
    assert hit_rate(model, held, "audio", "points") < 0.05


def test_all_pairs_compare_media_with_one_another_and_need_no_captions():
    known = world(60, 1)
    known.pop("text")
    with pytest.raises(InputError, match="nothing to compare among 60 rows"):
        train(aligned(60), features=known, dim=4, settings=SMALL)
    model = train(aligned(60), features=known, dim=4, settings=FitSettings(pairs="all", hidden=4))
    assert model.modalities == ("image", "audio", "points")
    assert set(model.notes["runs"][0]["pairs"]) == {"image-audio", "image-points", "audio-points"}


def test_an_anchor_stays_as_it_is_and_others_are_brought_to_it():
    known, held = world(ROWS, 1), world(200, 2)
    model = train(aligned(ROWS), features=known, anchor="text", settings=QUICK)
    assert (model.dim, model.anchors) == (24, (Modality.TEXT,))
    placed = model.embed(held["text"]).vectors.astype(np.float32)
    np.testing.assert_allclose(placed, held["text"].unit(), atol=1e-3)
    assert hit_rate(model, held, "text", "image") > 0.3
    with pytest.raises(InputError, match=r"anchor text is not as wide.*expected 8, got 24"):
        train(aligned(9), features=known, anchor="text", dim=8)
    with pytest.raises(InputError, match="anchor video has no features"):
        train(aligned(9), features=known, anchor="video")


def test_two_anchors_teach_nothing_about_each_other():
    known = world(40, 1)
    wide = [
        known["image"],
        Embeddings(known["image"].vectors[:, :8], known["image"].ids, Modality.IMAGE, "b"),
    ]
    model = train(
        aligned(40), features={**known, "image": wide}, anchor=("text", "image"), settings=SMALL
    )
    assert set(model.notes["runs"][0]["pairs"]) == {"text-audio", "text-points"}
    assert model.modalities == ("text", "audio", "points")


def test_same_seed_same_bytes_and_other_seed_other_bytes(tmp_path):
    known = world(90, 1)
    made = [
        train(aligned(90), features=known, dim=5, settings=SMALL, seed=seed) for seed in (3, 3, 4)
    ]
    assert arrays(made[0]) == arrays(made[1]) != arrays(made[2])
    assert made[0].metrics == made[1].metrics
    for name, model in zip("abc", made, strict=True):
        model.save(tmp_path / name)
    for file in ("model.safetensors", "config.json", "metrics.jsonl", "README.md"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert a == b
        assert a != c


def test_mapped_half_precision_files_give_what_memory_gives(tmp_path):
    known = world(90, 1)
    for name, embeddings in known.items():
        embeddings.save(tmp_path / name)
    mapped = {name: Embeddings.load(tmp_path / name) for name in known}
    assert isinstance(mapped["text"].vectors, np.memmap)
    made = [train(aligned(90), features=f, dim=5, settings=SMALL) for f in (known, mapped)]
    assert arrays(made[0]) == arrays(made[1])


def test_every_kind_of_table_is_taken_and_gives_the_same():
    known, ours = world(40, 1), aligned(40)
    published = ours.rename(
        {"rank": "nn_index", **{n: f"encord_{n}" for n in ours.columns if n != "rank"}}
    )
    made = [
        train(data, features=known, dim=5, settings=SMALL)
        for data in (ours, published.lazy(), Groups.from_frame(ours))
    ]
    assert arrays(made[0]) == arrays(made[1]) == arrays(made[2])


def test_items_without_a_vector_are_left_out_counted_and_told(caplog):
    known = world(40, 1)
    known["image"] = known["image"].take(ids_of(40)[5:])
    frame = aligned(40, ("image",)).with_columns(
        image_id=pl.when(pl.col("text_id") > 100).then(None).otherwise(pl.col("image_id"))
    )
    with caplog.at_level(logging.WARNING):
        model = train(frame, features=known, dim=5, settings=SMALL)
    absent = int((ids_of(40) > 100).sum())
    assert model.notes["runs"][0]["left_out"] == {
        "image absent from its group": absent,
        "image without a vector": 5,
        "groups with nothing to compare": absent + 5,
    }
    assert model.notes["runs"][0]["used"] == 35 - absent
    assert "image without a vector: 5" in caplog.text
    assert "features of audio are not used" in caplog.text
    assert model.modalities == ("text", "image")


def test_ranks_beyond_the_highest_are_not_used():
    frame = pl.concat([aligned(20), aligned(20).with_columns(rank=pl.lit(2, pl.Int32))])
    model = train(frame, features=world(20, 1), dim=4, settings=FitSettings(hidden=4, max_rank=1))
    assert model.notes["runs"][0]["left_out"] == {"groups beyond max_rank": 20}


def test_several_spaces_stand_side_by_side_whatever_their_order():
    known = world(ROWS, 1)
    vectors = known["image"].vectors
    halves = [
        Embeddings(part, known["image"].ids, Modality.IMAGE, space)
        for part, space in ((vectors[:, :8], "left"), (vectors[:, 8:], "right"))
    ]
    halves[1] = halves[1].take(ids_of(ROWS)[1:])
    known["image"] = halves
    model = train(aligned(ROWS, ("image",)), features=known, dim=8, settings=SMALL)
    assert [s.space for s in model.sources[Modality.IMAGE]] == ["left", "right"]
    assert model.notes["runs"][0]["used"] == ROWS - 1
    forth, back = (model.embed(part) for part in (halves, halves[::-1]))
    np.testing.assert_array_equal(forth.vectors, back.vectors)
    assert len(forth) == ROWS - 1
    again = train(aligned(40, ("image",)), features={**known, "image": halves[::-1]}, init=model)
    assert again.sources == model.sources
    with pytest.raises(InputError, match="needs image embeddings of right too"):
        model.embed(halves[0])


def test_going_on_needs_the_same_spaces_and_keeps_what_is_not_trained(pretrained):
    known = world(40, 5)
    image = known["image"]
    other = Embeddings(image.vectors, image.ids, image.modality, "other")
    with pytest.raises(SpaceMismatch, match=r"'toy-image \(16\)' and space 'other \(16\)'"):
        train(aligned(40), features={**known, "image": other}, init=pretrained)
    narrow = Embeddings(image.vectors[:, :9], image.ids, image.modality, image.space)
    with pytest.raises(SpaceMismatch, match=r"toy-image \(9\)"):
        train(aligned(40), features={**known, "image": narrow}, init=pretrained)
    with pytest.raises(InputError, match="expected 16, got 8"):
        train(aligned(40), features=known, init=pretrained, dim=8)
    with pytest.raises(InputError, match="has a head already"):
        train(aligned(40), features=known, init=pretrained, anchor="image")
    with pytest.raises(InputError, match="cannot go on from this"):
        train(aligned(40), features=known, init="model")
    some = {m: known[m] for m in ("text", "image")}
    model = train(aligned(40), features=some, init=pretrained, epochs=1)
    assert model.modalities == pretrained.modalities
    before, after = arrays(pretrained), arrays(model)
    assert all(after[n] == before[n] for n in before if "audio" in n or "points" in n)
    assert all(after[n] != before[n] for n in before if "text" in n or "image" in n)
    assert len(model.notes["runs"]) == 2
    assert {row["run"] for row in model.metrics} == {1, 2}
    assert arrays(pretrained) == before


def test_a_modality_can_be_added(pretrained):
    known = world(40, 5)
    video = Embeddings(known["image"].vectors, known["image"].ids, Modality.VIDEO, "toy-video")
    frame = aligned(40, ("image",)).rename({"image_id": "video_id"})
    model = train(
        frame, features={"text": known["text"], "video": video}, init=pretrained, settings=SMALL
    )
    assert model.modalities == ("text", "image", "audio", "video", "points")
    assert model.heads[Modality.VIDEO].hidden == 6


def test_no_epochs_change_nothing(pretrained):
    model = train(aligned(40), features=world(40, 5), init=pretrained, epochs=0)
    assert arrays(model) == arrays(pretrained)
    assert model.fingerprint == pretrained.fingerprint
    assert model.notes["runs"][1]["loss"] is None


def test_metrics_tell_each_step_and_are_saved(tmp_path):
    model = train(aligned(40), features=world(40, 1), dim=5, settings=SMALL)
    assert [row["step"] for row in model.metrics] == list(range(1, 7))
    assert [row["epoch"] for row in model.metrics] == [1, 1, 1, 2, 2, 2]
    assert set(model.metrics[0]) == {
        "run", "step", "epoch", "lr", "scale", "loss",
        "loss.text-image", "loss.text-audio", "loss.text-points",
    }  # fmt: skip
    assert model.metrics[0]["scale"] == pytest.approx(1 / 0.07, rel=1e-6)
    run = model.notes["runs"][0]
    assert run["loss"] == pytest.approx(np.mean([row["loss"] for row in model.metrics[3:]]))
    assert set(run["pair_loss"]) == set(run["pairs"])
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.metrics == list(model.metrics)
    assert loaded.notes == model.notes
    assert "ids: not named; 40 groups used" in (tmp_path / "README.md").read_text()


def test_the_scale_never_exceeds_its_limit():
    settings = FitSettings(hidden=4, temperature=0.01, max_scale=20, batch=16)
    model = train(aligned(40), features=world(40, 1), dim=5, settings=settings)
    assert max(row["scale"] for row in model.metrics) <= 20 * (1 + 1e-6)


def test_what_cannot_be_trained_on_says_what_is_missing():
    with pytest.raises(InputError, match=r"these groups hold ids and no vectors.*features="):
        train(Groups.from_frame(aligned(5)))
    with pytest.raises(InputError, match="features="):
        train(aligned(5), features={})
    with pytest.raises(InputError, match="cannot train on this; expected Groups, Triplets"):
        train([1, 2], features=world(5, 1))
    with pytest.raises(InputError, match="wrong features of text; expected Embeddings of text"):
        train(aligned(5), features={"text": world(5, 1)["image"]})
    with pytest.raises(InputError, match="dim must be a whole number"):
        train(aligned(5), features=world(5, 1), dim=0)
    with pytest.raises(InputError, match="there is no cuda device here"):
        _without_cuda()


def _without_cuda():
    import torch

    if torch.cuda.is_available():
        raise InputError("there is no cuda device here")
    train(aligned(5), features=world(5, 1), settings=FitSettings(device="cuda"))


def test_divergence_and_vectors_that_are_not_finite_are_said():
    known = world(40, 1)
    settings = FitSettings(hidden=4, lr=10.0, weight_decay=1e30, batch=8)
    with pytest.raises(InputError, match="diverged; set a lower learning rate"):
        train(aligned(40), features=known, dim=5, settings=settings)
    known["image"].vectors[7] = np.inf
    with pytest.raises(InputError, match="the vector of image 22 is not finite"):
        train(aligned(40), features=known, dim=5, settings=SMALL)


def test_vectors_of_zeros_have_no_place_and_spoil_nothing():
    known = world(40, 1)
    known["image"].vectors[:3] = 0
    model = train(aligned(40), features=known, dim=5, settings=SMALL)
    assert all(np.isfinite(row["loss"]) for row in model.metrics)
    placed = model.embed(known["image"]).vectors
    assert not placed[:3].any()
    np.testing.assert_allclose(np.linalg.norm(placed[3:].astype(np.float32), axis=1), 1, atol=2e-3)


# ------------------------------------------------------------------------------- post-training


KINDS = 100


def rated(rows: int, *, annotation: tuple[int, ...] = (1, 3)) -> pl.DataFrame:
    """Caption i is written for image i; points i are good for it, others of its kind are bad."""
    ids = ids_of(rows)
    found = {1: ids, 2: np.roll(ids, -2 * KINDS), 3: np.roll(ids, -KINDS)}
    return pl.concat(
        pl.DataFrame(
            {
                "encord_text_id": ids,
                "paired_modality": "image",
                "encord_paired_id": ids,
                "annotated_modality": "points",
                "encord_annotated_id": found[code],
                "annotation": code,
            }
        )
        for code in annotation
    )


def cosine(model, features, a, shift=0):
    """Mean over items of ``a``, with the points that stand so much further on."""
    left, right = (model.embed(features[m]).unit() for m in (a, "points"))
    return float((left * np.roll(right, -shift, axis=0)).sum(axis=1).mean())


@pytest.fixture(scope="module")
def coarse():
    """A model that tells kinds apart and no more: its groups join any items of a kind."""
    frame = aligned(ROWS).with_columns(points_id=np.roll(ids_of(ROWS), -3 * KINDS))
    return train(frame, features=world(ROWS, 1, kinds=KINDS), dim=16, settings=QUICK)


POST = FitSettings(hidden=48, batch=256, lr=2e-3, epochs=8)


def test_bad_pairs_move_away_from_good_ones_on_held_out_items_too(coarse):
    known, held = (world(ROWS, seed, kinds=KINDS) for seed in (1, 2))
    ignoring = replace(POST, negatives="ignore")
    hard, ignored = (
        train(rated(ROWS), init=coarse, features=known, settings=s) for s in (POST, ignoring)
    )
    for features in (known, held):
        for a in ("text", "image"):
            good = [cosine(m, features, a) for m in (coarse, ignored, hard)]
            bad = [cosine(m, features, a, KINDS) for m in (coarse, ignored, hard)]
            assert good[2] > good[0] + 0.2
            assert abs(good[0] - bad[0]) < 0.02
            assert good[2] - bad[2] > good[1] - bad[1] + 0.03 > 0.2
    run = hard.notes["runs"][1]
    assert run["data"] == "triplets"
    assert run["pairs"] == {"text-points": 2 * ROWS, "image-points": 2 * ROWS}


def test_bad_pairs_alone_move_apart(coarse):
    known, held = (world(ROWS, seed, kinds=KINDS) for seed in (1, 2))
    model = train(rated(ROWS, annotation=(3,)), init=coarse, features=known, settings=POST)
    for features in (known, held):
        bad = [cosine(m, features, "text", KINDS) for m in (coarse, model)]
        assert bad[1] < bad[0] - 0.1


def test_partial_pairs_weigh_less_than_good_ones(coarse):
    known = world(ROWS, 1, kinds=KINDS)
    found = []
    for weight in (0.0, 0.2, 1.0):
        settings = replace(POST, partial_weight=weight)
        model = train(
            rated(ROWS, annotation=(1, 2)), init=coarse, features=known, settings=settings
        )
        found.append(cosine(model, known, "text", 2 * KINDS))
    assert found[0] + 0.02 < found[1] < found[2] - 0.02
    assert model.notes["runs"][1]["left_out"] == {}


def test_ignored_negatives_have_no_effect():
    known = world(60, 1)
    settings = FitSettings(hidden=6, negatives="ignore")
    both = train(rated(60), features=known, dim=5, settings=settings)
    good = train(rated(60, annotation=(1,)), features=known, dim=5, settings=settings)
    assert arrays(both) == arrays(good)
    assert both.notes["runs"][0]["left_out"] == {"pairs rated BAD, by setting": 120}


def test_shuffled_ratings_teach_nothing_that_holds():
    frame = rated(300).with_columns(pl.col("encord_annotated_id").shuffle(seed=1))
    model = train(frame, features=world(300, 1), dim=16, settings=QUICK)
    assert hit_rate(model, world(200, 2), "text", "points") < 0.05


def test_ratings_alone_teach_what_is_planted():
    model = train(rated(ROWS), features=world(ROWS, 1), dim=16, settings=QUICK)
    held = world(200, 2)
    assert hit_rate(model, held, "text", "points") > 0.3
    assert hit_rate(model, held, "image", "points") > 0.3


def test_triplets_without_anything_to_use_say_why():
    known = world(20, 1)
    known.pop("points")
    with pytest.raises(InputError, match="pairs with points: no features: 40"):
        train(rated(20), features=known, dim=4)
