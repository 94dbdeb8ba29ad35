"""Swimming and bodies."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from pipeline.synthetic import Render, build_scene
from pipeline.synthetic.bodies import QUADS, vertices
from pipeline.synthetic.motion import swim
from pipeline.synthetic.scene import ARENA, EXTRA_FRAMES, RECORDED_FPS

CROWD = Render(seed=11, animals=10, cameras=2, frames=160)


@pytest.fixture(scope="module")
def crowd():
    scene = build_scene(CROWD)
    return scene, swim(scene)


def test_equal_seeds_swim_equally(crowd):
    _, motion = crowd
    again = swim(build_scene(CROWD))
    for name in ("position", "yaw", "pitch", "phase", "effort", "bend", "entered"):
        np.testing.assert_array_equal(getattr(again, name), getattr(motion, name))
    other = swim(build_scene(CROWD.model_copy(update={"seed": 12})))
    assert not np.allclose(other.position, motion.position)


def test_everyone_stays_in_the_arena_once_entered(crowd):
    _, motion = crowd
    low, high = np.array(ARENA.bounds).T
    for animal, entered in enumerate(motion.entered):
        path = motion.position[entered:, animal]
        assert (path >= low).all()
        assert (path <= high).all()
    assert len(motion.position) == CROWD.frames + EXTRA_FRAMES


def test_the_last_animal_enters_late_through_the_gate(crowd):
    _, motion = crowd
    assert (motion.entered[:-1] == 0).all()
    entered = motion.entered[-1]
    assert 20 < entered < CROWD.frames / 2
    assert motion.position[entered, -1, 0] < 0.03
    assert motion.position[:entered, -1, 0].max() < 0


def test_swimming_is_smooth_and_at_the_pace_of_a_fish(crowd):
    _, motion = crowd
    velocity = np.diff(motion.position, axis=0) * RECORDED_FPS
    speed = np.linalg.norm(velocity, axis=-1)
    assert speed.max() < 0.6
    assert 0.08 < speed[:, :-1].mean() < 0.35
    assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() * RECORDED_FPS < 6


def test_animals_meet_but_never_pass_through_one_another(crowd):
    scene, motion = crowd
    nearest, meetings = np.inf, 0
    for frame in range(int(motion.entered[-1]) + 20, len(motion.position), 3):
        bodies = vertices(scene.animals, motion, frame)
        for i in range(len(bodies)):
            tree = cKDTree(bodies[i])
            for j in range(i):
                if np.linalg.norm(motion.position[frame, i] - motion.position[frame, j]) < 0.13:
                    meetings += 1
                    nearest = min(nearest, tree.query(bodies[j])[0].min())
    assert meetings > 20
    assert nearest > 0.004


def test_the_position_is_the_centre_of_volume(crowd):
    scene, motion = crowd
    for frame in (0, 70, 150):
        bodies = vertices(scene.animals, motion, frame)
        for body, expected in zip(bodies, motion.position[frame], strict=True):
            volume, centre = _polyhedron(body)
            assert volume > 0  # the quadrilaterals face outwards
            np.testing.assert_allclose(centre, expected, atol=1.5e-3)


def _polyhedron(body):
    """Volume and centroid of a closed surface, by the divergence theorem over its triangles."""
    reference = body.mean(axis=0)
    a, b, c, d = (body[QUADS[:, k]] - reference for k in range(4))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    volumes = np.einsum("ij,ij->i", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])) / 6
    centres = triangles.sum(axis=1) / 4
    return volumes.sum(), reference + (volumes[:, None] * centres).sum(axis=0) / volumes.sum()
