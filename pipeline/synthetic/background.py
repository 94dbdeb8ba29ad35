"""The empty flume as each camera sees it: textured floor, walls and gate, markers, and the room around."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import project, rays
from pipeline.synthetic.scene import ARENA, GATE, MARKER_RADIUS, WALL_HEIGHT, Scene, stream
from pipeline.types import Camera

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

_OVERSAMPLING = 2
_RESOLUTION = 0.001  # m per texture pixel
_LENS_EDGE = np.deg2rad(88)  # the image circle ends here
_RIM = 0.015  # thickness of the walls, m
_ROOM = np.array([[-1.6, 3.2], [-1.7, 2.7], [-0.8, 2.4]], np.float32)


def ray_table(camera: Camera, oversampling: int = 1) -> Floats:
    """Viewing direction of every pixel centre, (h, w, 3), in the camera's frame; NaN beyond the lens model.

    With `oversampling` n, of the centres of n × n parts of every pixel, interpolated linearly between pixels: for
    lenses of more than 300 px focal length that is exact to 0.001 px.
    """
    width, height = camera.size
    x, y = np.meshgrid(np.arange(-1, width + 1), np.arange(-1, height + 1))
    local = rays(camera, np.stack([x, y], axis=-1).astype(float)) @ camera.rotation_matrix.T
    table = local.astype(np.float32)
    if oversampling == 1:
        return np.ascontiguousarray(table[1:-1, 1:-1])
    return upsampled(table, oversampling)


def upsampled(table: Floats, n: int) -> Floats:
    """Values at the centres of n × n parts of every inner pixel, from values (h + 2, w + 2, c) at pixel centres."""
    height, width = table.shape[:2]
    large = cv2.resize(table, (width * n, height * n), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[n:-n, n:-n], np.float32)


def vignette(camera: Camera, directions: Floats) -> Floats:
    """Brightness (h, w) by the angle off-axis: natural fall-off, then the edge of the image circle."""
    angle = np.arccos(np.clip(directions[..., 2], -1, 1))
    edge = np.clip((_LENS_EDGE - angle) / np.deg2rad(1.5), 0, 1)
    return np.nan_to_num((1 - 0.16 * angle**2) * edge).astype(np.float32)


def background(scene: Scene, camera: Camera) -> Image:
    """The empty flume in a camera's image, (h, w, 3) BGR, anti-aliased, with the lens's fall-off."""
    rotation, centre = camera.rotation_matrix.astype(np.float32), camera.centre.astype(np.float32)
    walls, surroundings = _textures(scene)
    # The room is dark and out of focus: one ray per pixel is enough there.
    local = ray_table(camera)
    image = _box(_ROOM, centre, np.nan_to_num(local) @ rotation, dict.fromkeys(range(6), surroundings))

    bounds = np.array(ARENA.bounds, np.float32)
    left, top, right, bottom = _extent(camera, bounds[:2])
    n = _OVERSAMPLING
    fine = ray_table(camera, n)[top * n : bottom * n, left * n : right * n]
    directions = np.nan_to_num(fine) @ rotation
    with np.errstate(divide="ignore", invalid="ignore"):
        to_top = (WALL_HEIGHT - centre[2]) / directions[..., 2:]
        hit = centre[:2] + to_top * directions[..., :2]
    downward = to_top[..., 0] > 0
    inside = downward & (hit > bounds[:2, 0]).all(-1) & (hit < bounds[:2, 1]).all(-1)
    rim = downward & ~inside & (hit > bounds[:2, 0] - _RIM).all(-1) & (hit < bounds[:2, 1] + _RIM).all(-1)
    bordered = np.pad(image[top:bottom, left:right], ((1, 1), (1, 1), (0, 0)), mode="edge")
    part = upsampled(bordered, n)
    part[rim] = (150, 152, 150)
    flume = np.array([*bounds[:2], [0, WALL_HEIGHT + 1]], np.float32)
    np.copyto(part, _box(flume, centre, directions, walls), where=inside[..., None])
    image[top:bottom, left:right] = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    image *= vignette(camera, local)[..., None]
    return np.clip(np.rint(np.nan_to_num(image)), 3, 255).astype(np.uint8)  # past the lens's edge it is dark


def _extent(camera: Camera, sides: Floats) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part of the image in which the flume lies."""
    along = np.linspace(0, 1, 40)
    (x0, x1), (y0, y1) = sides + np.array([-_RIM, _RIM])
    x, y = np.meshgrid(x0 + along * (x1 - x0), y0 + along * (y1 - y0))
    pixels = project(camera, np.stack([x, y, np.full_like(x, WALL_HEIGHT)], axis=-1)).reshape(-1, 2)
    width, height = camera.size
    left, top = np.maximum(np.floor(np.nanmin(pixels, axis=0)).astype(int) - 2, 0)
    right, bottom = np.minimum(np.ceil(np.nanmax(pixels, axis=0)).astype(int) + 3, (width, height))
    return int(left), int(top), int(right), int(bottom)


def _box(bounds: Floats, centre: Floats, directions: Floats, faces: dict[int, Floats]) -> Floats:
    """Colour where rays leave a box; face 2a is the lower, 2a + 1 the upper side of axis a."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = (bounds[:, 0] - centre) / directions
        upper = (bounds[:, 1] - centre) / directions
    distances = np.maximum(lower, upper)
    axis = np.argmin(distances, axis=-1)
    distance = np.take_along_axis(distances, axis[..., None], -1)
    with np.errstate(invalid="ignore"):
        hit = centre + distance * directions
    face = 2 * axis + (np.take_along_axis(directions, axis[..., None], -1)[..., 0] > 0)
    image = np.zeros((*axis.shape, 3), np.float32)
    for number, texture in faces.items():
        here = face == number
        if not here.any():
            continue
        u, v = [a for a in range(3) if a != number // 2]
        x = (hit[..., u] - bounds[u, 0]) / _RESOLUTION - 0.5
        y = (hit[..., v] - bounds[v, 0]) / _RESOLUTION - 0.5
        seen = cv2.remap(texture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
        image[here] = seen[here]
    return image


def _textures(scene: Scene) -> tuple[dict[int, Floats], Floats]:
    """Textures of the flume's floor and walls (by face of the box), and of the room."""
    rng = stream(scene.parameters, 6)
    (_, x1), (_, y1), _ = ARENA.bounds
    floor = _grained(rng, x1, y1, (112, 126, 132), {3: 5.0, 9: 5.5, 40: 5.0, 160: 6.0})
    for x, y, _ in scene.markers.values():
        _disc(floor, x, y, MARKER_RADIUS + 0.005, 58)
        _disc(floor, x, y, MARKER_RADIUS, 212)
    walls = {4: floor, 5: floor}
    for number, length in ((0, y1), (1, y1), (2, x1), (3, x1)):
        wall = _grained(rng, length, WALL_HEIGHT, (140, 138, 128), {4: 3.0, 25: 4.0, 120: 5.0})
        seams = (np.arange(0.32, length, 0.32) / _RESOLUTION).astype(int)
        wall[:, np.concatenate([seams, seams + 1, seams + 2])] -= 26
        wall -= np.linspace(16, 0, len(wall), dtype=np.float32)[:, None, None]  # darker near the floor
        walls[number] = wall
    (y0, y1), (z0, z1) = (np.array(span) / _RESOLUTION for span in GATE)
    gate = walls[0][int(z0) : int(z1), int(y0) : int(y1)]
    gate[:] = 0.3 * gate + 12
    room = _grained(rng, 2.0, 2.0, (66, 64, 62), {8: 5.0, 60: 8.0, 300: 10.0})
    return walls, room


def _grained(
    rng: np.random.Generator, width: float, height: float, colour: tuple[int, int, int], grains: dict[int, float]
) -> Floats:
    """A surface of one colour with grain: size (texture pixels) → standard deviation (grey levels)."""
    shape = (int(height / _RESOLUTION) + 1, int(width / _RESOLUTION) + 1)
    grey = np.zeros(shape, np.float32)
    hue = np.zeros(shape, np.float32)
    for size, strength in grains.items():
        coarse = (shape[0] // size + 4, shape[1] // size + 4)
        for layer, share in ((grey, 1.0), (hue, 0.25)):
            noise = rng.normal(0, strength * share, coarse).astype(np.float32)
            large = cv2.resize(noise, (coarse[1] * size, coarse[0] * size), interpolation=cv2.INTER_CUBIC)
            layer += large[: shape[0], : shape[1]]
    return np.array(colour, np.float32) + np.stack([grey - hue, grey, grey + hue], axis=-1)


def _disc(texture: Floats, x: float, y: float, radius: float, grey: float) -> None:
    """Paint a disc, its edge anti-aliased, in place."""
    reach = radius + 2 * _RESOLUTION
    left, top = (int((value - reach) / _RESOLUTION) for value in (x, y))
    right, bottom = (int((value + reach) / _RESOLUTION) + 1 for value in (x, y))
    part = texture[top:bottom, left:right]
    rows, columns = np.indices(part.shape[:2], np.float32)
    distance = np.hypot((columns + left + 0.5) * _RESOLUTION - x, (rows + top + 0.5) * _RESOLUTION - y)
    cover = np.clip((radius - distance) / _RESOLUTION + 0.5, 0, 1)[..., None]
    part[:] = part * (1 - cover) + grey * cover
