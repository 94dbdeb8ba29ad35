"""Masks decoded in bulk, and the centre of volume of bodies whose shape is known."""

import numpy as np
import pyarrow as pa
from pycocotools import mask as coco

from pipeline.reconstruction.silhouettes import centred, mask_runs, volume_centres


def encoded(mask: np.ndarray) -> bytes:
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]


def test_runs_are_those_of_pycocotools() -> None:
    rng = np.random.default_rng(0)
    masks = [rng.random((37, 53)) < share for share in (0.02, 0.5, 0.97)]
    masks += [np.zeros((37, 53), bool), np.ones((37, 53), bool), np.eye(37, 53) > 0]
    owner, start, length = mask_runs([encoded(mask) for mask in masks])
    for number, mask in enumerate(masks):
        flat = np.zeros(37 * 53, bool)
        for begin, count in zip(start[owner == number], length[owner == number], strict=True):
            flat[begin : begin + count] = True
        np.testing.assert_array_equal(flat.reshape(53, 37).T, mask)


def test_a_disc_keeps_its_centre() -> None:
    y, x = np.mgrid[:200, :300]
    disc = (x - 120.3) ** 2 + (y - 80.6) ** 2 <= 30**2
    np.testing.assert_allclose(volume_centres([encoded(disc)], 200), [[120.3, 80.6]], atol=0.15)


def test_a_cone_has_its_centre_of_volume_at_a_quarter_of_its_height() -> None:
    y, x = np.mgrid[:400, :600]
    for angle in (0.0, 0.6, np.pi / 2):
        along = (x - 200) * np.cos(angle) + (y - 100) * np.sin(angle)
        across = (y - 100) * np.cos(angle) - (x - 200) * np.sin(angle)
        cone = (along >= 0) & (along <= 200) & (np.abs(across) <= 0.15 * (200 - along))
        centre = volume_centres([encoded(cone)], 400)[0]
        expected = [200 + 50 * np.cos(angle), 100 + 50 * np.sin(angle)]  # that of the area is at a third: 66.7
        np.testing.assert_allclose(centre, expected, atol=1.0)


def test_an_empty_mask_has_none() -> None:
    assert np.isnan(volume_centres([encoded(np.zeros((20, 30)))], 20)).all()
    assert volume_centres([], 20).shape == (0, 2)


def test_only_a_tracks_own_mask_moves_it() -> None:
    shifts = pa.table(
        {
            "frame": [3, 3, 4], "detection": [0, 1, 0], "centroid_x": [10.0, 50, 11], "centroid_y": [20.0, 60, 21],
            "shift_x": [1.0, 2, 3], "shift_y": [-1.0, -2, -3],
        }
    )  # fmt: skip
    frame, detection = np.array([3, 3, 4, 5, 4]), np.array([1, 0, 0, 0, -1])
    pixel = np.array([[50.0, 60], [10, 20], [15, 21], [1, 1], [11, 21]])  # the third was cut by the tracker
    expected = [[52, 58], [11, 19], [15, 21], [1, 1], [11, 21]]
    np.testing.assert_allclose(centred(frame, detection, pixel, shifts), expected)
