"""Figures of the page Calibration."""

import numpy as np
import pytest

from dashboard.figures import calibration as figures
from pipeline.api import Arena
from pipeline.calibration.report import PairReport, Residuals
from tests.dashboard.rigs import SIZE, camera_report, cameras


def test_the_rig_stands_where_the_cameras_do() -> None:
    arena = Arena(bounds=((0, 1), (0, 1), (0, 0.5)))
    colours = figures.camera_colours(["cam_1", "cam_2"])
    figure = figures.rig(cameras(), arena, {"A": (0.1, 0.2, 0.0)}, colours)
    text = {trace.text[0]: trace for trace in figure.data if trace.type == "scatter3d" and trace.text}
    where = {name: (trace.x[0], trace.y[0], trace.z[0]) for name, trace in text.items()}
    assert where["cam_1"] == pytest.approx((0, 0, 1))
    assert where["cam_2"] == pytest.approx((0.2, 0, 1))
    assert where["A"] == pytest.approx((0.1, 0.2, 0))
    pyramid = next(trace for trace in figure.data if trace.name == "cam_1" and trace.mode == "lines")
    assert np.nanmin(pyramid.z) < 1  # it opens downwards, where the camera looks
    assert pyramid.line.color == colours["cam_1"]


def test_coverage_lies_on_the_image_and_leaves_empty_cells_blank() -> None:
    (heat,) = figures.coverage(camera_report("cam_1")).data
    assert heat.x.tolist() == [15.5, 47.5]
    assert heat.y.tolist() == [11.5, 35.5]
    assert np.isnan(heat.z).tolist() == [[True, False], [False, True]]
    assert len(figures.coverage(camera_report("cam_1", corner_grid=[])).data) == 0


def test_residuals_are_enlarged_by_a_factor_that_is_said() -> None:
    figure, note = figures.residuals(camera_report("cam_1"))
    lines, points = figure.data
    assert note == "4 corners; lines are 2 times as long as the errors."
    assert lines.x[:2].tolist() == [1, 1 + 2 * 0.3]
    assert np.isnan(lines.x[2])
    assert points.customdata[:, 0] == pytest.approx(0.5)
    assert tuple(figure.layout.yaxis.range) == (SIZE[1] - 0.5, -0.5)


def test_no_residuals() -> None:
    empty = camera_report("cam_1", residuals=Residuals(x=[], y=[], dx=[], dy=[]))
    figure, note = figures.residuals(empty)
    assert len(figure.data) == 0
    assert note == "No corner was used."


def test_views_used_and_dropped() -> None:
    figure = figures.view_errors(camera_report("cam_1"), 0.5)
    used, dropped = figure.data
    assert (len(used.x), len(dropped.x)) == (20, 1)
    assert dropped.customdata[0][1] == "mean error 3.00 px (limit 1)"
    assert figure.layout.shapes[0].y0 == 0.5
    assert len(figures.view_errors(camera_report("cam_1"), 10.0).layout.shapes) == 0  # far above: out of the picture
    assert len(figures.view_errors(camera_report("cam_1", views=[], dropped=[]), None).data) == 0


@pytest.mark.parametrize(("agreeing", "colour"), [(8, figures._GOOD), (3, figures._SHORT), (0, figures._BAD)])
def test_overlap_lines_tell_how_many_views_agree(agreeing: int, colour: str) -> None:
    pairs = [PairReport(first="cam_1", second="cam_2", shared=10, agreeing=agreeing)]
    line, count, _cameras = figures.overlap(["cam_1", "cam_2"], pairs, 6).data
    assert line.line.color == colour
    assert count.text == (str(agreeing),)
    assert "10 shared views" in count.hovertemplate


def test_marked_points_are_joined_to_where_they_are_expected() -> None:
    figure = figures.marked_picture("p", SIZE, {"A": (1.0, 2.0)}, {"A": (4.0, 6.0), "B": (9.0, 9.0)}, "B")
    line, expected, marked = figure.data
    assert (tuple(line.x), tuple(line.y)) == ((1.0, 4.0), (2.0, 6.0))
    assert tuple(expected.x) == (4.0, 9.0)
    assert marked.text == ("A",)
    assert expected.marker.size[1] > expected.marker.size[0]  # the chosen one stands out
