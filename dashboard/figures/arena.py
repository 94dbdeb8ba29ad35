"""The arena in 3D: its box, the water surface, zones, cameras, surveyed points. Traces for a scene in metres, z up."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pipeline.geometry.volume import footprint
from pipeline.types import Arena, CameraGroup, Zone

Floats = NDArray[np.float64]
Bounds = Sequence[Sequence[float]]
Traces = list[go.Scatter3d | go.Mesh3d]
_LINE, _WATER, _CAMERA = "#8793a0", "#4a90c4", "#8b5fbf"
_CORNERS = ((-1.0, -0.75), (1.0, -0.75), (1.0, 0.75), (-1.0, 0.75))
_SPHERE = 14
VIEWS: dict[str, dict[str, Any]] = {
    "free": {
        "eye": {"x": 1.1, "y": -1.6, "z": 0.9},
        "center": {"x": 0, "y": 0, "z": -0.16},
        "up": {"x": 0, "y": 0, "z": 1},
    },
    "top": {"eye": {"x": 0, "y": 0, "z": 2}, "up": {"x": 0, "y": 1, "z": 0}},
    "front": {"eye": {"x": 0, "y": -2, "z": 0}, "up": {"x": 0, "y": 0, "z": 1}},
    "side": {"eye": {"x": 2, "y": 0, "z": 0}, "up": {"x": 0, "y": 0, "z": 1}},
}
"""From where the scene is seen; all but ``free`` without perspective, so that lengths can be compared."""


def camera_of(view: str) -> dict[str, Any]:
    """Plotly's scene camera for one of the :data:`VIEWS`."""
    projection = "perspective" if view == "free" else "orthographic"
    return {**VIEWS.get(view, VIEWS["free"]), "projection": {"type": projection}}


def scene(unit: str = "m") -> dict[str, Any]:
    """Equal aspect, axes with units."""
    axes = {f"{axis}axis": {"title": {"text": f"{axis}, {unit}"}, "showspikes": False} for axis in "xyz"}
    return {**axes, "aspectmode": "data"}


def box(arena: Arena) -> Traces:
    """Edges of the arena, and the water surface where it is known."""
    (x0, x1), (y0, y1), (z0, z1) = arena.bounds
    ring = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    traces: Traces = [_lines(prism_edges(ring, z0, z1), "arena", _LINE, 2)]
    if arena.water_surface_z is not None:
        corners = np.column_stack([ring, np.full(4, arena.water_surface_z)])
        traces.append(_mesh(corners, [(0, 1, 2), (0, 2, 3)], "water surface", _WATER, 0.08))
    return traces


def zone_traces(zones: Iterable[Zone], colours: Mapping[str, str], arena: Arena | None) -> Traces:
    """Zones: volumes as translucent bodies, polygons without z as areas on the floor."""
    traces: Traces = []
    for zone in zones:
        colour = colours[zone.name]
        traces.append(_label(zone, arena))
        if zone.sphere is not None:
            centre, radius = np.array(zone.sphere), float(zone.radius or 0)
            traces.append(_mesh(centre + radius * _sphere_points(), _sphere_faces(), zone.name, colour, 0.15, True))
            continue
        ring = footprint(zone, 36)
        height = zone.box[2] if zone.box is not None else zone.z
        if height is None:
            floor = arena.bounds[2][0] if arena is not None else 0.0
            corners = np.column_stack([ring, np.full(len(ring), floor)])
            traces.append(_mesh(corners, triangles(ring), zone.name, colour, 0.22, True))
            traces.append(_lines(np.vstack([corners, corners[:1]]), zone.name, colour, 3))
            continue
        corners, faces = prism(ring, *height)
        traces.append(_mesh(corners, faces, zone.name, colour, 0.1, True))
        traces.append(_lines(prism_edges(ring, *height), zone.name, colour, 2))
    return traces


def _label(zone: Zone, arena: Arena | None) -> go.Scatter3d:
    """The name of a zone, on its top."""
    middle = np.mean(footprint(zone, 36), axis=0)
    floor = arena.bounds[2][0] if arena is not None else 0.0
    top = zone.box[2][1] if zone.box else zone.z[1] if zone.z else floor
    if zone.sphere is not None:
        top = zone.sphere[2] + float(zone.radius or 0)
    return go.Scatter3d(
        x=[middle[0]], y=[middle[1]], z=[top], mode="text", text=[zone.name], textfont={"size": 12},
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def camera_traces(cameras: CameraGroup, size: float, colours: Mapping[str, str] | None = None) -> Traces:
    """A small pyramid per camera, open towards what it sees; how wide does not tell the lens's field of view.

    Parameters
    ----------
    size
        Length of a pyramid, m.
    colours
        By camera; default: all alike.
    """
    traces: Traces = []
    for camera in cameras:
        colour = (colours or {}).get(camera.name, _CAMERA)
        local = np.array([(0.5 * x, 0.5 * y, 1.0) for x, y in _CORNERS])
        corners = camera.centre + size * local @ camera.rotation_matrix
        centre = camera.centre
        path = [*corners, corners[0]]
        for corner in corners:
            path += [np.full(3, np.nan), centre, corner]
        traces.append(_lines(np.array(path), camera.name, colour, 3))
        x, y, z = centre
        traces.append(
            go.Scatter3d(
                x=[x], y=[y], z=[z], mode="markers+text", text=[camera.name], textposition="top center",
                name=camera.name, marker={"size": 4, "color": colour}, showlegend=False,
                hovertemplate=f"{camera.name}<br>x %{{x:.3f}} m, y %{{y:.3f}} m, z %{{z:.3f}} m<extra></extra>",
            )
        )  # fmt: skip
    return traces


def point_traces(points: Mapping[str, Sequence[float]]) -> Traces:
    """Surveyed points."""
    xyz = np.array(list(points.values()), float).reshape(-1, 3)
    return [
        go.Scatter3d(
            x=xyz[:, 0], y=xyz[:, 1], z=xyz[:, 2], mode="markers", text=list(points), name="surveyed points",
            marker={"size": 4, "symbol": "diamond", "color": "#d97706"}, showlegend=False,
            hovertemplate="%{text}<br>x %{x:.3f} m, y %{y:.3f} m, z %{z:.3f} m<extra>surveyed</extra>",
        )
    ]  # fmt: skip


def diagonal(arena: Arena | None, default: float = 1.0) -> float:
    """Length of the arena's diagonal, m."""
    return default if arena is None else float(np.linalg.norm([high - low for low, high in arena.bounds]))


def triangles(ring: Floats) -> list[tuple[int, int, int]]:
    """Cut a simple polygon into triangles by clipping ears (Meisters 1975).

    Parameters
    ----------
    ring
        (N, 2) corners in order, either way round.

    Returns
    -------
    Indices of corners; fewer than N - 2 triangles where the polygon crosses itself.
    """
    left = list(range(len(ring)))
    if _area(ring) < 0:
        left.reverse()
    faces: list[tuple[int, int, int]] = []
    while len(left) > 3:
        for at in range(len(left)):
            ear = (left[at - 1], left[at], left[(at + 1) % len(left)])
            corners = ring[list(ear)]
            others = ring[[index for index in left if index not in ear]]
            if _area(corners) > 0 and not _inside(corners, others).any():
                faces.append(ear)
                left.pop(at)
                break
        else:
            return faces
    return [*faces, (left[0], left[1], left[2])] if len(left) == 3 else faces


def prism(ring: Floats, low: float, high: float) -> tuple[Floats, list[tuple[int, int, int]]]:
    """(2N, 3) corners and the triangles of an upright prism."""
    count = len(ring)
    corners = np.vstack([np.column_stack([ring, np.full(count, z)]) for z in (low, high)])
    lid = triangles(ring)
    walls = [(a, b, a + count) for a, b in ((i, (i + 1) % count) for i in range(count))]
    walls += [(b, b + count, a + count) for a, b in ((i, (i + 1) % count) for i in range(count))]
    return corners, [*lid, *((a + count, b + count, c + count) for a, b, c in lid), *walls]


def prism_edges(ring: Floats, low: float, high: float) -> Floats:
    """(M, 3) its edges as one line with NaN between the parts; upright edges only where there are few corners."""
    closed = np.vstack([ring, ring[:1]])
    gap = np.full((1, 3), np.nan)
    parts = [np.column_stack([closed, np.full(len(closed), z)]) for z in (low, high)]
    if len(ring) <= 12:
        parts += [np.array([[x, y, low], [x, y, high]]) for x, y in ring]
    return np.vstack([row for part in parts for row in (part, gap)])[:-1]


def _area(ring: Floats) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _inside(corners: Floats, points: Floats) -> NDArray[np.bool_]:
    """Which points lie in a triangle that runs anticlockwise, its edges included; its own corners do not count."""
    inside = np.ones(len(points), bool)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along, to = end - start, points - start
        inside &= along[0] * to[:, 1] - along[1] * to[:, 0] >= 0
        inside &= (to != 0).any(axis=1)
    return inside


def _sphere_points() -> Floats:
    polar = np.linspace(0, np.pi, _SPHERE)[:, None]
    around = np.linspace(0, 2 * np.pi, 2 * _SPHERE, endpoint=False)
    x, y = np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around)
    return np.stack([x, y, np.broadcast_to(np.cos(polar), x.shape)], axis=-1).reshape(-1, 3)


def _sphere_faces() -> list[tuple[int, int, int]]:
    width = 2 * _SPHERE
    faces = []
    for row in range(_SPHERE - 1):
        for column in range(width):
            a, b = row * width + column, row * width + (column + 1) % width
            faces += [(a, b, a + width), (b, b + width, a + width)]
    return faces


def _mesh(
    corners: Floats, faces: Sequence[tuple[int, int, int]], name: str, colour: str, opacity: float, hover: bool = False
) -> go.Mesh3d:
    i, j, k = np.array(faces, np.int32).reshape(-1, 3).T
    return go.Mesh3d(
        x=corners[:, 0], y=corners[:, 1], z=corners[:, 2], i=i, j=j, k=k, color=colour, opacity=opacity, name=name,
        showlegend=False, hoverinfo="name" if hover else "skip", flatshading=True,
    )  # fmt: skip


def _lines(points: Floats, name: str, colour: str, width: float) -> go.Scatter3d:
    return go.Scatter3d(
        x=points[:, 0], y=points[:, 1], z=points[:, 2], mode="lines", name=name, line={"color": colour, "width": width},
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip
