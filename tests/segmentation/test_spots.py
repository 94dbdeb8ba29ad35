"""Masks, spots and their measures, against shapes drawn to the sub-pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco

from pipeline.segmentation.masks import decode, encode
from pipeline.segmentation.splitting import split
from pipeline.segmentation.spots import Rules, found
from tests.segmentation.swimmers import SIZE, drawn

RULES = Rules(min_area=12, max_area=4000, opening=1, closing=1, typical_area=0, split=True, threshold=20)


def detect(ellipses: list[tuple[float, ...]], rules: Rules = RULES, contrast: float = 70):
    difference = np.round(drawn(ellipses) * contrast).astype(np.uint8)
    return found(np.where(difference > rules.threshold, 255, 0).astype(np.uint8), difference, rules)


@given(
    mask=arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    left=st.integers(0, 5),
    top=st.integers(0, 5),
)
def test_a_cut_out_is_encoded_as_the_whole_image_would_be(mask: np.ndarray, left: int, top: int) -> None:
    size = (left + mask.shape[1] + left % 3, top + mask.shape[0] + top % 2)
    whole = np.zeros((size[1], size[0]), np.uint8)
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    counts = encode(mask, left, top, size)
    assert counts == coco.encode(np.asfortranarray(whole))["counts"]
    np.testing.assert_array_equal(decode(counts, size), whole.astype(bool))


@pytest.mark.parametrize("angle", [-1.2, -0.4, 0.0, 0.7, 1.5])
def test_measures_of_an_ellipse(angle: float) -> None:
    animals = detect([(70.3, 60.6, 20, 6, angle)])
    assert len(animals) == 1
    np.testing.assert_allclose(animals.xy[0], [70.3, 60.6], atol=0.06)
    turned = (animals.orientation[0] - angle + np.pi / 2) % np.pi - np.pi / 2
    assert abs(turned) < 0.02
    assert animals.area[0] == pytest.approx(np.pi * 20 * 6, rel=0.08)
    mask = decode(animals.masks[0], SIZE)
    assert mask.sum() == animals.area[0]
    rows, columns = np.nonzero(mask)
    np.testing.assert_array_equal(animals.boxes[0], [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])


def test_weights_place_a_centroid_better_than_the_mask() -> None:
    """Over many sub-pixel positions of a small animal."""
    rng = np.random.default_rng(0)
    errors = {"weighted": [], "mask": []}
    for _ in range(40):
        x, y = rng.uniform(60, 61), rng.uniform(50, 51)
        animals = detect([(x, y, 6, 3, 0.5)])
        rows, columns = np.nonzero(decode(animals.masks[0], SIZE))
        errors["weighted"].append(np.hypot(*(animals.xy[0] - [x, y])))
        errors["mask"].append(np.hypot(columns.mean() - x, rows.mean() - y))
    assert np.mean(errors["weighted"]) < 0.8 * np.mean(errors["mask"])


def test_a_disc_has_no_direction() -> None:
    assert np.isnan(detect([(60, 60, 9, 9, 0)]).orientation[0])


def test_a_faint_animal_scores_lower() -> None:
    strong, faint = (detect([(60, 60, 12, 6, 0)], contrast=contrast).score[0] for contrast in (80, 26))
    assert 0 < faint < 0.5 < strong <= 1


def test_areas_outside_the_limits_are_dropped() -> None:
    shapes = [(30, 30, 2, 2, 0), (80, 60, 12, 6, 0), (125, 60, 22, 20, 0)]
    rules = Rules(min_area=100, max_area=1000, opening=0, closing=0, typical_area=0, split=False, threshold=20)
    animals = detect(shapes, rules)
    np.testing.assert_allclose(animals.xy, [[80, 60]], atol=0.1)


def test_specks_are_dropped_and_limbs_join_their_body() -> None:
    """A thin tail that is cut off by a pale band belongs to its animal; one pixel of noise does not count."""
    difference = np.round(drawn([(60, 60, 15, 7, 0)]) * 70).astype(np.uint8)
    difference[59:62, 77:85] = 60
    difference[20, 20] = 90
    animals = found(np.where(difference > 20, 255, 0).astype(np.uint8), difference, RULES)
    assert len(animals) == 1
    assert animals.boxes[0][0] + animals.boxes[0][2] == 85


def test_the_image_s_edge_is_no_obstacle() -> None:
    animals = detect([(0, 0, 12, 6, 0), (159, 119, 12, 6, 0)])
    assert len(animals) == 2
    assert sorted(map(tuple, animals.boxes[:, :2].tolist()))[0] == (0, 0)


TYPICAL = np.pi * 16 * 6


@pytest.mark.parametrize(
    ("ellipses", "parts"),
    [
        ([(60, 60, 16, 6, 0)], 1),
        ([(60, 60, 20, 9, 0)], 1),  # one large animal
        ([(50, 60, 16, 6, 0), (80, 60, 16, 6, 0)], 2),  # nose to tail
        ([(50, 60, 16, 6, 0), (76, 66, 16, 6, 1.0)], 2),
        ([(40, 60, 16, 6, 0), (70, 60, 16, 6, 0), (100, 60, 16, 6, 0)], 3),
    ],
)
def test_touching_animals_are_separated_only_when_clearly_several(ellipses: list, parts: int) -> None:
    mask = drawn(ellipses) > 0.5
    found_parts = split(mask, TYPICAL)
    assert len(found_parts) == parts
    np.testing.assert_array_equal(np.sum(found_parts, axis=0), mask)
    centres = sorted(np.array([np.mean(np.nonzero(part)[::-1], axis=1) for part in found_parts]).tolist())
    for centre, ellipse in zip(centres, sorted(ellipses), strict=True):
        np.testing.assert_allclose(centre, ellipse[:2], atol=2.5)


def test_without_a_typical_area_nothing_is_cut() -> None:
    mask = drawn([(50, 60, 16, 6, 0), (80, 60, 16, 6, 0)]) > 0.5
    assert len(split(mask, 0)) == 1
