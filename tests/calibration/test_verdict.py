"""Verdicts and advice from numbers."""

import numpy as np
import pytest

from pipeline.calibration.assessment import corner_grid, coverage
from pipeline.calibration.report import CameraReport, MarkerReport, PairReport, Report, Squares, ViewReport
from pipeline.calibration.verdict import judged, shared_views
from pipeline.types import Board

BOARD = Board(inner_corners=(9, 6), square_mm=40)


def camera(name: str, **changes: object) -> CameraReport:
    view = ViewReport(moment=0, label="frame 0", corners=54, rms_px=0.2, mean_px=0.2, max_px=0.5)
    good = CameraReport(
        name=name, model="fisheye", size=(900, 700), looked_at=200, found=60, duplicates=5, rms_px=0.2,
        focal_px=(300, 300), centre_px=(450, 350), focal_sd_percent=0.05, position=(0, 0, 1), coverage=0.9,
        corner_grid=[[5] * 12] * 9, views=[view] * 40,
    )  # fmt: skip
    return good.model_copy(update=changes)


def report(**changes: object) -> Report:
    good = Report(
        verdict="refused", saved=False, headline="", made="2026-01-01", board=BOARD, world="markers", rms_px=0.2,
        cameras=[camera("cam_1"), camera("cam_2")],
        pairs=[PairReport(first="cam_1", second="cam_2", shared=30, agreeing=30)],
        squares=Squares(stated_mm=40, mean_mm=40.01, sd_mm=0.2, count=1000),
    )  # fmt: skip
    return good.model_copy(update=changes)


def test_a_good_calibration_needs_no_advice() -> None:
    result = judged(report(), [])
    assert (result.verdict, result.saved, result.advice) == ("good", True, [])
    assert result.headline == "2 cameras calibrated, off by 0.20 px (rms): good."


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"rms_px": 0.9}, "usable", "cam_2 is off by 0.90 px"),
        ({"rms_px": 2.5}, "refused", "cam_2 is off by 2.50 px"),
        ({"coverage": 0.35}, "usable", "Only 35% of cam_2's image"),
        ({"coverage": 0.1}, "refused", "Only 10% of cam_2's image"),
        ({"focal_sd_percent": 1.0}, "usable", "known to 1.0 % only"),
        (
            {"coverage": 0.4, "corner_grid": [[0] * 4 + [5] * 8] * 9},
            "usable",
            "film the board at the left of its image",
        ),
    ],
)
def test_what_is_short_is_said(changes: dict[str, object], verdict: str, words: str) -> None:
    result = judged(report(cameras=[camera("cam_1"), camera("cam_2", **changes)]), [])
    assert (result.verdict, result.saved) == (verdict, verdict != "refused")
    assert words in " ".join(result.advice)


def test_a_problem_refuses_and_is_the_headline() -> None:
    result = judged(report(), ["cam_3 sees the board in 2 usable views."])
    assert (result.verdict, result.saved) == ("refused", False)
    assert result.headline == "The calibration is refused. cam_3 sees the board in 2 usable views."


@pytest.mark.parametrize(
    ("shared", "agreeing", "words"),
    [
        (1, 1, "cam_2 and cam_4 share 1 view: film the board where both see it."),
        (0, 0, "cam_2 and cam_4 share no views: film the board where both see it."),
        (20, 2, "check calibration_offset"),
    ],
)
def test_pairs_in_plain_words(shared: int, agreeing: int, words: str) -> None:
    assert words in shared_views(PairReport(first="cam_2", second="cam_4", shared=shared, agreeing=agreeing))


def test_few_shared_views_wrong_squares_and_markers_are_said() -> None:
    marker = MarkerReport(camera="cam_1", name="m4", x=10, y=10, dx=30, dy=40, used=False)
    result = judged(
        report(
            pairs=[PairReport(first="cam_1", second="cam_2", shared=2, agreeing=2)],
            squares=Squares(stated_mm=40, mean_mm=41, sd_mm=1, count=100),
            markers=[marker],
        ),
        [],
    )
    assert result.verdict == "usable"
    text = " ".join(result.advice)
    assert "share 2 views" in text
    assert "41.00 mm instead of 40" in text
    assert "Marker m4 in cam_1 is 50 px from where the survey puts it" in text


def test_axes_of_a_camera_are_said() -> None:
    result = judged(report(world="camera"), [])
    assert result.verdict == "usable"
    assert "The axes are those of cam_1" in result.advice[0]


def test_coverage_and_grid_of_known_corners() -> None:
    everywhere = np.stack(np.meshgrid(np.arange(0, 120, 4.0), np.arange(0, 90, 4.0)), axis=-1).reshape(-1, 2)
    assert coverage(everywhere, (120, 90)) == 1.0
    assert coverage(np.empty((0, 2)), (120, 90)) == 0.0
    one = coverage(np.array([[59.5, 44.5]]), (120, 90))  # a disc of a tenth of the diagonal of 150 px
    assert one == pytest.approx(np.pi * 15**2 / (119 * 89), rel=0.05)
    grid = np.array(corner_grid(np.array([[0.0, 0.0], [119, 89], [119, 89]]), (120, 90)))
    assert (grid[0, 0], grid[-1, -1], grid.sum()) == (1, 2, 3)
