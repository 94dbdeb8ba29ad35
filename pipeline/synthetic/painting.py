"""Animals painted into an image, far ones first, with the exact silhouette of each."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import project
from pipeline.synthetic.bodies import QUADS, shades
from pipeline.synthetic.scene import ARENA, Animal
from pipeline.types import Camera

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

_OVERSAMPLING = 4
_FRACTION_BITS = 4
_LAMP = np.array([0.85, 0.45, 2.2])  # middle of the lamps over the flume, m
_LAMP_RADIUS = 0.25  # m: the wider, the softer the shadows
_SHADOW = 0.16  # share of the light that a body right on the floor takes away


@dataclass(frozen=True)
class Silhouette:
    """What is seen of one animal.

    Parameters
    ----------
    animal
        Its index.
    left, top
        Upper left pixel of `mask` in the image.
    mask
        (h, w) the pixels of which it covers at least half and that no nearer animal covers.
    visible
        Share of its silhouette that no other animal hides, 0 to 1.
    """

    animal: int
    left: int
    top: int
    mask: NDArray[np.bool_]
    visible: float


def paint(
    image: Image, light: NDArray[np.float32], camera: Camera, animals: tuple[Animal, ...], world: Floats
) -> list[Silhouette]:
    """Paint every animal into `image` (in place).

    Parameters
    ----------
    light
        (h, w) the lens's fall-off.
    world
        (N, V, 3) surface points of the bodies, m.

    Returns
    -------
    One silhouette per animal of which at least one pixel lies in the image, in the order of `animals`.
    """
    pixels = project(camera, world)
    grey = shades(world)
    corners = world[:, QUADS]
    inside = corners[..., 0].mean(axis=2) > ARENA.bounds[0][0]  # what is still behind the gate's wall is hidden
    distance = np.linalg.norm(corners.mean(axis=2) - camera.centre, axis=-1)
    for animal in range(len(animals)):
        if inside[animal].all():
            _cast_shadow(image, camera, world[animal])
    owner = np.full(image.shape[:2], -1, np.int16)
    outlines: dict[int, tuple[int, int, NDArray[np.bool_]]] = {}
    for animal in np.argsort(-distance.mean(axis=1)):
        visible = inside[animal]
        if not visible.any() or not np.isfinite(pixels[animal]).all():
            continue
        outline = _paint_one(
            image, light, pixels[animal], QUADS[visible], grey[animal][visible], distance[animal][visible],
            animals[animal].tint,
        )  # fmt: skip
        if outline is not None:
            left, top, mask = outline
            owner[top : top + mask.shape[0], left : left + mask.shape[1]][mask] = animal
            outlines[int(animal)] = outline
    silhouettes = []
    for animal, (left, top, mask) in sorted(outlines.items()):
        seen = owner[top : top + mask.shape[0], left : left + mask.shape[1]] == animal
        silhouettes.append(Silhouette(animal, left, top, seen, float(seen.sum() / mask.sum())))
    return silhouettes


def _cast_shadow(image: Image, camera: Camera, body: Floats) -> None:
    """Darken the floor where a body (V, 3) stands before the lamps: weakly, and softer the higher it swims."""
    to_floor = body[:, 2:] / (_LAMP[2] - body[:, 2:])
    floor = body + to_floor * (body - _LAMP)
    (x0, x1), (y0, y1), _ = ARENA.bounds
    floor[:, 0], floor[:, 1] = floor[:, 0].clip(x0, x1), floor[:, 1].clip(y0, y1)
    pixels = project(camera, floor)
    if not np.isfinite(pixels).all():
        return
    middle = floor.mean(axis=0)
    beside = project(camera, middle + 0.01 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]))
    per_metre = float(np.linalg.norm(beside[1:] - beside[0], axis=1).mean()) / 0.01
    spread = float(to_floor.mean()) * _LAMP_RADIUS
    blur = max(0.8, 0.6 * spread * per_metre)
    height, width = image.shape[:2]
    reach = int(np.ceil(3 * blur)) + 1
    left, top = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - reach, 0)
    right, bottom = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + reach, (width, height))
    if left >= right or top >= bottom:
        return
    canvas = np.zeros((bottom - top, right - left), np.float32)
    outline = cv2.convexHull(np.rint((pixels - (left, top)) * (1 << _FRACTION_BITS)).astype(np.int32))
    cv2.fillConvexPoly(canvas, outline, _SHADOW, cv2.LINE_8, _FRACTION_BITS)
    dimmed = 1 - cv2.GaussianBlur(canvas, (0, 0), blur)
    part = image[top:bottom, left:right]
    part[:] = np.rint(part * dimmed[..., None]).astype(np.uint8)


def _paint_one(
    image: Image, light: NDArray[np.float32], pixels: Floats, quads: NDArray[np.int64], grey: Floats, distance: Floats,
    tint: tuple[float, float, float],
) -> tuple[int, int, NDArray[np.bool_]] | None:  # fmt: skip
    """Paint one body; its upper left pixel and silhouette, or None where it is not in the image."""
    height, width = image.shape[:2]
    left, top = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 2, (width, height))
    if left >= right or top >= bottom:
        return None
    n, unit = _OVERSAMPLING, 1 << _FRACTION_BITS
    canvas = np.zeros(((bottom - top) * n, (right - left) * n), np.uint8)
    # Pixel i reaches from i - ½ to i + ½, and so do the parts of the canvas.
    fine = (pixels - (left, top) + 0.5) * n - 0.5
    fixed = np.rint(fine * unit).astype(np.int32)
    shapes = fixed[quads]
    a, b = fine[quads[:, 2]] - fine[quads[:, 0]], fine[quads[:, 3]] - fine[quads[:, 1]]
    facing = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] < 0
    order = np.flatnonzero(facing)
    order = order[np.argsort(-distance[order])]
    levels = np.clip(np.rint(grey), 1, 255).astype(int).tolist()
    for quad in order.tolist():
        cv2.fillConvexPoly(canvas, shapes[quad], levels[quad], cv2.LINE_8, _FRACTION_BITS)
    size = (right - left, bottom - top)
    cover = cv2.resize((canvas > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    mask = cover >= 0.5
    if not mask.any():
        return None
    colour = light[top:bottom, left:right] * cv2.resize(canvas.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    part = image[top:bottom, left:right]
    mixed = part * (1 - cover)[..., None] + colour[..., None] * np.asarray(tint, np.float32)
    part[:] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    return int(left), int(top), mask
