"""Pictures and clips of the world, as pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.pipeline.world.render import draw, draw_look, draw_upon, empty_stage
from pentad.pipeline.world.scene import Scene, moved

PICTURE_SIDE = 128
CLIP_SIDE = 96
FPS = 12


def take_picture(scene: Scene, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return one picture with a little film grain, uint8 (height, width, 3)."""
    clean = np.asarray(draw(scene, draw_look(rng), PICTURE_SIDE, oversample=3), dtype=np.float64)
    grain = rng.normal(0, float(rng.uniform(0.6, 3.0)), (PICTURE_SIDE, PICTURE_SIDE, 1))
    return np.clip(np.rint(clean + grain), 0, 255).astype(np.uint8)


def take_clip(scene: Scene, motion: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return 12 to 15 frames of the toys in motion, uint8 (frames, height, width, 3)."""
    look = draw_look(rng)
    frames = int(rng.integers(12, 16))
    phases = rng.uniform(0, 2 * np.pi) + rng.uniform(-0.7, 0.7, len(scene.toys))
    pace = float(rng.uniform(0.7, 1.2))
    stage = empty_stage(scene, look, 2 * CLIP_SIDE)
    poses = (moved(scene, motion, pace * frame / FPS, phases) for frame in range(frames))
    return np.stack([np.asarray(draw_upon(stage, pose, look, 2)) for pose in poses])
