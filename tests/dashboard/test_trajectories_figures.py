"""Figures of the page 3D."""

import numpy as np
import pandas as pd
import pytest

from dashboard.figures import arena as scenery
from dashboard.figures import trajectories as figures
from dashboard.figures.style import zone_colours
from dashboard.pages.trajectories_queries import Density
from pipeline.api import Arena, Camera, CameraGroup, Zone

ARENA = Arena(bounds=((0, 2), (0, 1), (0, 0.5)), water_surface_z=0.4)
ROWS = pd.DataFrame(
    {
        "individual": ["1"] * 4 + ["2"] * 2, "frame": [0, 1, 8, 9, 0, 1], "time_s": [0.0, 0.1, 0.8, 0.9, 0.0, 0.1],
        "x": [0.0, 0.1, 0.2, 0.3, 1.0, 1.1], "y": 0.5, "z": [0.1, 0.2, 0.3, 0.4, 0.1, 0.1],
        "speed": [np.nan, 1.0, 1.0, np.nan, np.nan, np.nan], "state": ["observed"] * 5 + ["interpolated"],
        "piece": [0, 0, 1, 1, 0, 0],
    }
)  # fmt: skip
COLOURS = {"1": "#0072B2", "2": "#E69F00"}


def ring(*corners: tuple[float, float]) -> np.ndarray:
    return np.array(corners, float)


def area_of(corners: np.ndarray, faces: list[tuple[int, int, int]]) -> float:
    a, b, c = (corners[[face[k] for face in faces]] for k in range(3))
    one, two = b - a, c - a
    return float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2)


@pytest.mark.parametrize(
    ("corners", "area"),
    [
        (ring((0, 0), (2, 0), (2, 1), (0, 1)), 2.0),
        (ring((0, 0), (0, 1), (2, 1), (2, 0)), 2.0),  # the other way round
        (ring((0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (0, 1)), 3.0),  # an L
        (ring((0, 0), (4, 0), (2, 1), (4, 2), (0, 2)), 6.0),  # a notch
    ],
)
def test_triangles_cover_a_polygon_once(corners: np.ndarray, area: float) -> None:
    faces = scenery.triangles(corners)
    assert len(faces) == len(corners) - 2
    assert area_of(corners, faces) == pytest.approx(area)


def test_a_prism_is_closed() -> None:
    corners, faces = scenery.prism(ring((0, 0), (1, 0), (0, 1)), 0.0, 2.0)
    assert (len(corners), len(faces)) == (6, 2 * 1 + 2 * 3)
    a, b, c = (corners[[face[k] for face in faces]] for k in range(3))
    edges = [tuple(sorted(pair)) for face in faces for pair in zip(face, np.roll(face, -1).tolist(), strict=True)]
    assert all(edges.count(edge) == 2 for edge in edges)  # each edge belongs to two triangles
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 0


def test_a_line_never_crosses_a_gap() -> None:
    path = figures.broken(ROWS[ROWS["individual"] == "1"])
    assert len(path) == 5
    assert path["x"].isna().tolist() == [False, False, True, False, False]


def test_paths_have_equal_aspect_and_one_colour_per_animal() -> None:
    figure = figures.paths_3d(ROWS, COLOURS, "individual", [], {}, ARENA, None)
    assert figure.layout.scene.aspectmode == "data"
    lines = {trace.name: trace.line.color for trace in figure.data if trace.name in COLOURS}
    assert lines == COLOURS


@pytest.mark.parametrize("by", ["speed", "z"])
def test_a_colour_scale_has_its_unit(by: str) -> None:
    figure = figures.paths_3d(ROWS, COLOURS, by, [], {}, None, None)
    assert figure.layout.coloraxis.colorbar.title.text == ("speed, m/s" if by == "speed" else "z, m")
    assert figure.data[0].line.coloraxis == "coloraxis"


def test_zones_and_cameras_are_drawn_around_the_paths() -> None:
    zones = [
        Zone(name="floor", polygon=[(0, 0), (1, 0), (0, 1)]),
        Zone(name="box", box=((0, 1), (0, 1), (0, 0.2))),
        Zone(name="pipe", cylinder=(1, 0.5), radius=0.1, z=(0, 0.3)),
        Zone(name="ball", sphere=(1, 0.5, 0.2), radius=0.1),
    ]
    camera = Camera(
        "top", (100, 80), "fisheye", np.diag([50.0, 50, 1]), np.zeros(4), np.zeros(3), np.array([0, 0, 1.0])
    )
    colours = zone_colours([zone.name for zone in zones])
    figure = figures.paths_3d(ROWS, COLOURS, "individual", zones, colours, ARENA, CameraGroup((camera,)), "top")
    meshes = {trace.name: trace for trace in figure.data if trace.type == "mesh3d"}
    assert set(meshes) == {"water surface", "floor", "box", "pipe", "ball"}
    assert set(np.asarray(meshes["floor"].z)) == {0.0}
    ball = np.column_stack([meshes["ball"].x, meshes["ball"].y, meshes["ball"].z])
    assert np.linalg.norm(ball - [1, 0.5, 0.2], axis=1) == pytest.approx(0.1)
    marker = next(trace for trace in figure.data if trace.name == "top" and trace.mode != "lines")
    assert (marker.x[0], marker.y[0], marker.z[0]) == (0, 0, -1)  # centre = -R^T t
    assert figure.layout.scene.camera.projection.type == "orthographic"


def test_a_plan_in_pixels_points_down() -> None:
    planar = ROWS.assign(z=np.nan)
    assert figures.plan(planar, COLOURS, "individual", [], {}, ARENA, "px").layout.yaxis.autorange == "reversed"
    metres = figures.plan(planar, COLOURS, "individual", [], {}, ARENA, "m")
    assert metres.layout.yaxis.scaleanchor == "x"
    assert len(metres.layout.shapes) == 1


def test_curves_share_the_window_and_mark_interpolated() -> None:
    figure = figures.curves(ROWS, COLOURS, (0.0, 1.0), "m", planar=False)
    assert [figure.layout[f"yaxis{n}"].title.text for n in ("", "2", "3", "4")] == [
        "x, m",
        "y, m",
        "z, m",
        "speed, m/s",
    ]
    assert figure.layout.xaxis4.range == (0.0, 1.0)
    circles = [trace for trace in figure.data if trace.mode == "markers"]
    assert {trace.name for trace in circles} == {"2"}
    assert len({axis for axis in figure.layout.to_plotly_json() if axis.startswith("yaxis")}) == 4
    flat = figures.curves(ROWS, COLOURS, (0.0, 1.0), "px", planar=True)
    assert flat.layout.yaxis3.title.text == "speed, px/s"


def test_the_strip_dims_what_is_not_chosen() -> None:
    counts = Density(np.arange(10.0), np.full(10, 2.0), np.zeros(10))
    figure = figures.strip(counts, (2.0, 5.0), 10.0, expected=3)
    spans = {(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"}
    assert spans == {(0.0, 2.0), (5.0, 10.0)}
    assert figures.veils((0.0, 10.0), 10.0) == []
