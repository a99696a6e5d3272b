"""What is in a file: every factor can be perceived, and nothing else gives it away."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.pipeline.world.clouds import scan
from pentad.pipeline.world.factors import KINDS, MOTIONS, ONLY_IN, Extras, Subject
from pentad.pipeline.world.mesh import Mesh, ball, box, rod, slab
from pentad.pipeline.world.pictures import take_clip, take_picture
from pentad.pipeline.world.render import face_normals
from pentad.pipeline.world.scene import Solid, arrange
from pentad.pipeline.world.sounds import make_sound
from pentad.pipeline.world.timbres import RATE, strike
from pentad.pipeline.world.toys import pebble, toy, tray

RED = Extras("red", "spin")
VISIBLE = [*KINDS, *(k for m in ("image", "video", "points") for k in ONLY_IN[m])]


def fresh(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def signed_volume(mesh: Mesh) -> float:
    a, b, c, d = np.moveaxis(mesh.vertices[mesh.quads], 1, 0)
    return float((np.cross(a, b) * c + np.cross(a, c) * d).sum() / 6)


@pytest.mark.parametrize(
    ("mesh", "volume"),
    [
        (box((0, 0, 0), (1, 2, 3)), 6.0),
        (rod((0, 0, 0), (0.6, 0.8, 0), 0.1), 0.0283),
        (ball((1, 2, 3), 1.0, segments=64, rings=32), 4 * np.pi / 3),
        (slab([(0, 0), (1, 0), (1, 1), (0, 1)], 0.5), 0.5),
    ],
    ids=["box", "rod", "ball", "slab"],
)
def test_primitives_are_closed_and_face_outwards(mesh, volume):
    assert signed_volume(mesh) == pytest.approx(volume, rel=0.02)


@pytest.mark.parametrize("kind", VISIBLE)
def test_toys_stand_on_the_tray_and_fit_their_place(kind):
    low, high = toy(kind).vertices.min(0), toy(kind).vertices.max(0)
    assert -0.05 <= low[1] <= 0.05
    assert 0.5 <= high[1] <= 1.15
    assert np.hypot(*toy(kind).vertices[:, [0, 2]].T).max() <= 0.7


@pytest.mark.parametrize("mesh", [tray(), pebble("marble"), pebble("block"), pebble("cone")])
def test_normals_have_unit_length(mesh):
    normals = face_normals(Solid(mesh.vertices, mesh.quads, np.zeros((len(mesh.quads), 3))))
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)


def test_a_tray_holds_as_many_toys_as_it_says():
    for count in (1, 2, 3):
        scene = arrange(Subject("frog", "small", count), RED, fresh(count))
        assert len(scene.toys) == count


def test_toys_do_not_stand_in_each_other():
    for seed in range(40):
        toys = arrange(Subject("drum", "large", 3), RED, fresh(seed)).toys
        places = np.array([(t.x, t.z) for t in toys])
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(3, 1)]
        assert apart.min() > 0.78


def test_larger_toys_are_larger_whatever_else_varies():
    heights = {
        size: [
            t.scale
            for seed in range(40)
            for t in arrange(Subject("car", size, 2), RED, fresh(seed)).toys
        ]
        for size in ("small", "medium", "large")
    }
    assert max(heights["small"]) < min(heights["medium"])
    assert max(heights["medium"]) < min(heights["large"])


def test_pictures_of_one_concept_differ():
    subject = Subject("bird", "large", 1)
    first, second = (take_picture(arrange(subject, RED, fresh(s)), fresh(s)) for s in (1, 2))
    assert first.shape == (128, 128, 3)
    assert np.abs(first.astype(int) - second).mean() > 10


@pytest.mark.parametrize("motion", MOTIONS)
def test_toys_move_in_clips(motion):
    scene = arrange(Subject("horn", "large", 1), RED, fresh())
    clip = take_clip(scene, motion, fresh())
    assert 12 <= len(clip) <= 15
    assert clip.shape[1:] == (96, 96, 3)
    assert np.abs(np.diff(clip.astype(int), axis=0)).mean() > 0.3


@pytest.mark.parametrize("kind", [*KINDS, *ONLY_IN["audio"]])
def test_small_toys_sound_higher(kind):
    def brightness(size: str) -> float:
        middle = []
        for seed in range(12):
            power = np.abs(np.fft.rfft(strike(kind, size, fresh(seed)), 1 << 14)) ** 2
            hertz = np.fft.rfftfreq(1 << 14, 1 / RATE)
            middle.append(np.exp((np.log(hertz[1:]) * power[1:]).sum() / power[1:].sum()))
        return float(np.median(middle))

    assert brightness("large") < brightness("medium") < brightness("small")


def test_sounds_have_a_free_length_and_stay_in_range():
    lengths = []
    for seed in range(30):
        sound = make_sound(Subject("bell", "large", 1 + seed % 3), fresh(seed))
        assert np.abs(sound).max() <= 1
        lengths.append(len(sound) / RATE)
    assert 1.5 <= min(lengths) < 1.7
    assert 2.3 < max(lengths) <= 2.5


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_toy_is_heard_once(count):
    right = 0
    for seed in range(20):
        sound = make_sound(Subject("drum", "medium", count), fresh(seed))
        frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
        loud = np.sqrt((frames**2).mean(1))
        peaks = (
            (loud[1:-1] > 0.35 * loud.max()) & (loud[1:-1] >= loud[:-2]) & (loud[1:-1] > loud[2:])
        )
        starts = np.flatnonzero(peaks)
        right += int(np.sum(np.diff(starts, prepend=-99) > 18) == count)
    assert right >= 16


def test_clouds_are_coloured_and_free_in_number_and_place():
    clouds = [scan(arrange(Subject("mug", "small", 2), RED, fresh(s)), fresh(s)) for s in range(20)]
    counts = [len(cloud.xyz) for cloud in clouds]
    assert 1500 <= min(counts) < max(counts) <= 2500
    assert all(np.isfinite(cloud.xyz).all() for cloud in clouds)
    assert np.std([cloud.xyz.mean(0) for cloud in clouds], axis=0).min() > 0.05
    assert all(cloud.rgb.std() > 10 for cloud in clouds)
