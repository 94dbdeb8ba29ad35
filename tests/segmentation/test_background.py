"""The background must be free of animals, and the light must not matter."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.segmentation.backends import MEDIAN
from pipeline.segmentation.background import estimated, gain, in_light_of, ranked
from pipeline.segmentation.job import Segment
from pipeline.segmentation.learning import scene
from pipeline.segmentation.sampling import spread
from pipeline.segmentation.segmenter import Model, View
from pipeline.video import video_index
from tests.segmentation.swimmers import SIZE, drawn, ground, write_video
from tests.segmentation.swimmers import scene as picture

REST, AWAY = (50, 60, 12, 6, 0.3), (110, 60, 12, 6, -0.4)


def view(animals: int | None = None, roi: np.ndarray | None = None) -> View:
    return View("cam_1", Path("none.mp4"), np.arange(30), SIZE, roi, animals)


def segmented(model: Model, image: np.ndarray, parameters: Segment | None = None):  # type: ignore[no-untyped-def]
    return MEDIAN.open(model, parameters or Segment(), view()).segment([image])[0]


def swimming(count: int = 30, contrast: float = -70, light: float = 0.0) -> list[np.ndarray]:
    """An animal that crosses the image once."""
    return [
        picture([(15 + 130 * k / count, 60, 12, 6, 0.2)], contrast, seed=k, light=1 + light * np.sin(k))
        for k in range(count)
    ]


def test_ranks_are_those_of_sorting() -> None:
    stack = list(np.random.default_rng(0).integers(0, 256, (9, 20, 30), dtype=np.uint8))
    for rank in (0, 4, 8):
        np.testing.assert_array_equal(ranked(stack, rank), np.sort(stack, axis=0)[rank])


def test_light_is_measured_whatever_swims_there() -> None:
    still = np.clip(ground(), 0, 255).astype(np.uint8)
    for factor in (0.8, 1.1):
        image = picture([(60, 60, 30, 20, 0)], light=factor)
        assert gain(image, still) == pytest.approx(factor, abs=0.01)
        assert abs(float(np.median(in_light_of(image, 1 / gain(image, still)))) - np.median(still)) <= 1.5


def test_the_median_is_the_ground() -> None:
    background, _ = estimated(swimming(light=0.05))
    np.testing.assert_allclose(background.image, ground(), atol=4)
    assert 1.0 < np.median(background.noise) < 4.0


def test_an_animal_that_rests_most_of_the_time_is_not_absorbed() -> None:
    """Seven tenths of the samples show it at one place: the plain median shows it there, too."""
    samples = [picture([REST if k % 10 < 7 else AWAY], seed=k) for k in range(30)]
    assert ranked(samples, 14)[60, 50] < 100
    background, _ = estimated(samples)
    left_over = np.abs(background.image[40:80, 30:70] - ground()[40:80, 30:70])
    assert left_over.mean() < 1.5
    assert left_over.max() < 13
    model = scene(samples, view(), Segment())
    for place in (REST, AWAY):
        animals = segmented(model, picture([place], seed=99))
        assert len(animals) == 1
        np.testing.assert_allclose(animals.xy[0], place[:2], atol=0.5)


def test_an_animal_that_never_moves_is_found_where_it_must_be_there() -> None:
    samples = [picture([REST, (15 + 4 * k, 100, 12, 6, 0.2)], seed=k) for k in range(30)]
    image = picture([REST, (80, 100, 12, 6, 0.2)], seed=99)
    known = scene(samples, view(animals=2), Segment())
    assert int(known["still"]) == 1
    animals = segmented(known, image)
    np.testing.assert_allclose(sorted(animals.xy.tolist()), sorted([[50, 60], [80, 100]]), atol=0.6)
    # One animal moves and one is expected: nothing else is looked for, what stands there may be a stone.
    enough = scene(samples, view(animals=1), Segment())
    assert int(enough["still"]) == 0
    assert len(segmented(enough, image)) == 1
    assert int(scene(samples, view(animals=2), Segment(still_animals="no"))["still"]) == 0


@pytest.mark.parametrize(("contrast", "polarity"), [(-70, "dark"), (60, "light")])
def test_polarity_is_learned(contrast: float, polarity: str) -> None:
    model = scene(swimming(contrast=contrast), view(), Segment())
    assert ((model["darker"] < 255).any(), (model["lighter"] < 255).any()) == (polarity == "dark", polarity == "light")
    animals = segmented(model, picture([(70, 50, 12, 6, 0)], contrast, seed=77))
    np.testing.assert_allclose(animals.xy, [[70, 50]], atol=0.3)
    wrong = Segment(polarity="light" if polarity == "dark" else "dark")
    assert (
        len(
            segmented(scene(swimming(contrast=contrast), view(), wrong), picture([(70, 50, 12, 6, 0)], contrast), wrong)
        )
        == 0
    )


def test_flicker_makes_no_detections() -> None:
    model = scene(swimming(light=0.05), view(), Segment())
    for light in (0.9, 1.0, 1.1):
        assert len(segmented(model, picture([], seed=5, light=light))) == 0


def test_a_shadow_is_no_animal() -> None:
    samples = [
        np.clip(
            picture([(15 + 4 * k, 60, 12, 6, 0)], seed=k) - 18 * drawn([(15 + 4 * k, 78, 14, 7, 0)]), 0, 255
        ).astype(np.uint8)
        for k in range(30)
    ]
    animals = segmented(scene(samples, view(), Segment()), samples[10])
    np.testing.assert_allclose(animals.xy, [[55, 60]], atol=0.5)


def test_only_the_region_of_interest_is_searched() -> None:
    left = np.array([[0, 0], [79, 0], [79, 119], [0, 119]], float)
    model = scene(swimming(), view(roi=left), Segment())
    image = picture([(40, 60, 12, 6, 0), (120, 60, 12, 6, 0)], seed=3)
    np.testing.assert_allclose(segmented(model, image).xy, [[40, 60]], atol=0.3)


def test_samples_fall_on_keyframes(tmp_path: Path) -> None:
    index = video_index(write_video(tmp_path / "a.mp4", 300, lambda k: picture([], seed=0)))
    chosen = spread(np.arange(271), index, 8)
    assert set(chosen) <= set(range(0, 300, 30))
    assert len(chosen) >= 7
    few = np.array([3, 50, 51])
    np.testing.assert_array_equal(spread(few, index, 8), few)
