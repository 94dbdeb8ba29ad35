"""Silhouettes, occlusion, and the run lengths of masks."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from pipeline.geometry import project
from pipeline.synthetic import Render, build_scene
from pipeline.synthetic.background import background, ray_table, vignette
from pipeline.synthetic.bodies import QUADS, vertices
from pipeline.synthetic.encoding import Sensor
from pipeline.synthetic.motion import Motion
from pipeline.synthetic.painting import Silhouette, paint
from pipeline.synthetic.scene import IMAGE_SIZE
from pipeline.synthetic.truth import run_lengths

SCENE = build_scene(Render(seed=2, animals=2, cameras=2, frames=50))
CAMERA = SCENE.cameras["cam_1"]
LIGHT = np.ones(IMAGE_SIZE[::-1], np.float32)


def still(positions, yaw):
    """One frame of animals at given places, bodies straight."""
    position = np.array(positions, float)[None]
    n = position.shape[1]
    zero = np.zeros((1, n))
    return Motion(position, zero + yaw, zero, zero, zero, zero + 0.4, np.zeros(n, int))


def seen(positions, yaw=0.5):
    animals = SCENE.animals[: len(positions)]
    image = np.full((*IMAGE_SIZE[::-1], 3), 128, np.uint8)
    bodies = vertices(animals, still(positions, yaw), 0)
    return paint(image, LIGHT, CAMERA, animals, bodies), bodies, image


def whole(silhouette):
    image = np.zeros(IMAGE_SIZE[::-1], bool)
    height, width = silhouette.mask.shape
    image[silhouette.top : silhouette.top + height, silhouette.left : silhouette.left + width] = silhouette.mask
    return image


def test_the_silhouette_is_the_projection_of_the_body():
    (silhouette,), bodies, _ = seen([(0.6, 0.45, 0.2)])
    mask = whole(silhouette)
    share = np.stack(np.meshgrid(*[np.linspace(0, 1, 9)] * 2), axis=-1).reshape(-1, 2)
    a, b, c, d = (bodies[0][QUADS[:, k]][:, None] for k in range(4))
    u, v = share[:, :1], share[:, 1:]
    surface = ((1 - u) * (1 - v) * a + u * (1 - v) * b + u * v * c + (1 - u) * v * d).reshape(-1, 3)
    x, y = project(CAMERA, surface).T
    hit = np.zeros_like(mask)
    hit[np.rint(y).astype(int), np.rint(x).astype(int)] = True
    kernel = np.ones((3, 3), np.uint8)
    assert (mask <= cv2.dilate(hit.astype(np.uint8), kernel).astype(bool)).all()
    assert (cv2.erode(hit.astype(np.uint8), kernel).astype(bool) <= mask).all()
    # Pixels that the surface only touches are covered by less than half: the mask is a little smaller.
    assert 0.7 < mask.sum() / hit.sum() <= 1.0
    x, y = project(CAMERA, np.array([0.6, 0.45, 0.2]))
    centroid = np.argwhere(mask).mean(axis=0)[::-1]
    assert mask[round(y), round(x)]
    assert np.hypot(*(centroid - (x, y))) < 2.5  # the thin fin draws the outline's centroid behind the centre of volume


def test_a_nearer_animal_hides_a_farther_one():
    near = np.array([0.5, 0.4, 0.3])
    far = near + 0.07 * (near - CAMERA.centre) / np.linalg.norm(near - CAMERA.centre)
    (first, second), _, _ = seen([near, far])
    (alone,), _, _ = seen([far])
    assert first.visible == 1.0
    assert second.visible < 0.6
    assert not (whole(first) & whole(second)).any()
    assert second.visible == pytest.approx(second.mask.sum() / alone.mask.sum(), abs=0.1)  # lengths differ a little


def test_order_in_the_table_does_not_decide_who_hides_whom():
    near = np.array([0.5, 0.4, 0.3])
    far = near + 0.07 * (near - CAMERA.centre) / np.linalg.norm(near - CAMERA.centre)
    (first, second), _, _ = seen([far, near])
    assert first.visible < 0.6
    assert second.visible == 1.0


def test_what_is_behind_the_wall_of_the_gate_is_not_seen():
    assert seen([(-0.2, 0.5, 0.1)], yaw=0.0)[0] == []
    (half,), _, _ = seen([(0.0, 0.5, 0.1)], yaw=0.0)
    (full,), _, _ = seen([(0.1, 0.5, 0.1)], yaw=0.0)
    assert 0.3 < half.mask.sum() / full.mask.sum() < 0.8


def test_animals_are_darker_than_the_floor():
    empty = background(SCENE, CAMERA)
    light = vignette(CAMERA, ray_table(CAMERA))
    image = empty.copy()
    bodies = vertices(SCENE.animals, still([(0.6, 0.45, 0.2), (1.0, 0.6, 0.1)], 0.5), 0)
    for silhouette in paint(image, light, CAMERA, SCENE.animals, bodies):
        inside = cv2.erode(whole(silhouette).astype(np.uint8), np.ones((2, 2), np.uint8)).astype(bool)
        contrast = empty[inside].mean() - image[inside].mean()
        assert 20 < contrast < 60


def test_the_sensor_adds_noise_and_flicker():
    sensor = Sensor(IMAGE_SIZE, np.random.default_rng(1))
    grey = np.full((*IMAGE_SIZE[::-1], 3), 120, np.uint8)
    frames = [sensor.expose(grey, frame)[: IMAGE_SIZE[1]].astype(float) for frame in range(0, 80, 4)]
    assert 1.5 < frames[0].std() < 2.5
    assert (frames[0] - frames[1]).std() > 2
    level = np.array([frame.mean() for frame in frames])
    assert 0.3 < level.std() < 4


@given(
    mask=st.integers(1, 2**35 - 1).map(lambda bits: np.array([bits >> k & 1 for k in range(35)], bool).reshape(5, 7)),
    left=st.integers(0, 13),
    top=st.integers(0, 7),
)
def test_run_lengths_are_those_of_the_whole_mask(mask, left, top):
    size = (20, 12)
    image = np.zeros(size[::-1], np.uint8, order="F")
    image[top : top + 5, left : left + 7] = mask
    counts = run_lengths(Silhouette(0, left, top, mask, 1.0), size)
    assert counts == coco.encode(image)["counts"]
