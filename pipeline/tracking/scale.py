"""What is large, fast and noisy in a camera's image, measured from its detections, so that nothing needs tuning."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from pipeline.tracking.part import Part

Floats = NDArray[np.float64]
_ISOLATED = 0.5
_ENOUGH = 30
_ALIKE = float(np.log(2))  # change of log area beyond which two spots are not clearly the same animal
_LASTING = 10  # frames in a row in which a spot must be clearly the same one to count as an animal
_SAMPLE_ROWS = 8000
_RUN = 50
_FINEST = 0.3  # px: nothing is measured better


@dataclass(frozen=True)
class Scale:
    """Typical sizes and motions, px and frames.

    Parameters
    ----------
    length
        Median diagonal of the bounding boxes.
    area
        Median mask area.
    step
        How far an animal's centroid can move in one frame.
    speed
        Typical displacement in one frame (root mean square).
    noise
        Standard deviation of a measured centroid along one axis.
    acceleration
        Standard deviation of the acceleration along one axis, px per frame².
    size_change
        Standard deviation of the change of log area between frames.
    turn
        Standard deviation of the change of orientation between frames, rad.
    """

    length: float
    area: float
    step: float
    speed: float
    noise: float
    acceleration: float
    size_change: float
    turn: float


def measure(parts: Iterable[Part]) -> Scale:
    """Measure a sample of detections.

    Animals that are clearly the same one in ten frames in a row (nearest to each other, everyone else at least twice as
    far, areas alike) give the distributions of steps and of accelerations: spots that flicker here and there are often
    nearest to each other in a few frames, and would pass for very fast animals. Where there are fewer than 30 such,
    three frames in a row are enough, and where there are fewer than 30 of those, body lengths stand in.
    """
    boxes: list[Floats] = []
    areas: list[Floats] = []
    steps: list[Floats] = []
    bends: list[Floats] = []
    sizes: list[Floats] = []
    turns: list[Floats] = []
    ages: list[NDArray[np.int64]] = []
    for part in parts:
        boxes.append(np.hypot(part["width"], part["height"]))
        areas.append(part["area"])
        before: tuple[int, slice, Floats, Floats, NDArray[np.int64]] | None = None
        for frame, rows in _sampled(part):
            xy = part.xy[rows]
            arrival, age = np.full_like(xy, np.nan), np.ones(len(xy), np.int64)
            if before is not None and frame == before[0] + 1:
                _, old_rows, old_arrival, old_xy, old_age = before
                old, new = isolated_pairs(old_xy, xy)
                growth = np.log(part["area"][rows][new] / part["area"][old_rows][old])
                alike = abs(growth) < _ALIKE
                old, new, growth = old[alike], new[alike], growth[alike]
                move = xy[new] - old_xy[old]
                steps.append(move)
                bends.append(move - old_arrival[old])
                ages.append(old_age[old] + 1)
                sizes.append(growth)
                turns.append(axial(part["orientation"][rows][new] - part["orientation"][old_rows][old]))
                arrival[new], age[new] = move, ages[-1]
            before = (frame, rows, arrival, xy, age)
    length = _median(boxes, 1.0)
    age = np.concatenate([*ages, np.empty(0, np.int64)])
    witnessed = age >= (_LASTING if np.count_nonzero(age >= _LASTING) >= _ENOUGH else 3)
    moves = np.concatenate([*steps, np.empty((0, 2))])[witnessed]
    bent = np.concatenate([*bends, np.empty((0, 2))])[witnessed]
    noise = max(0.02 * length, _FINEST)
    step, speed, acceleration = 0.75 * length, 0.25 * length, 0.1 * length
    if len(moves) >= _ENOUGH:
        travelled = np.hypot(*moves.T)
        step = float(np.clip(1.5 * np.quantile(travelled, 0.998) + 3 * noise, 0.2 * length, 4 * length))
        # Measured, not guessed from sizes: where a large animal rests, a small one would seem to be anywhere soon.
        speed = max(float(np.sqrt((travelled**2).mean())), _FINEST)
    if len(bent) >= _ENOUGH:
        # Turns are rare and sharp: the tail counts, not only the middle. A second difference holds six noise variances.
        spread = max(_spread(bent.ravel()), float(np.quantile(abs(bent), 0.98)) / 2.33)
        acceleration = float(np.sqrt(max(spread**2 - 6 * noise**2, (0.25 * noise) ** 2)))
    return Scale(
        length=length,
        area=_median(areas, 1.0),
        step=step,
        speed=speed,
        noise=noise,
        acceleration=acceleration,
        size_change=max(_spread(np.concatenate([*sizes, np.empty(0)])), 0.1),
        turn=max(_spread(np.concatenate([*turns, np.empty(0)])), 0.1),
    )


def sample(count: int, parts: int = 8) -> list[int]:
    """Indices of at most `parts` of `count` parts, spread over the recording."""
    return sorted({round(index) for index in np.linspace(0, count - 1, min(count, parts))})


def _sampled(part: Part) -> list[tuple[int, slice]]:
    """Runs of consecutive frames, spread over a part, with a few thousand detections in all."""
    frames = list(part.frames())
    runs = max(round(_SAMPLE_ROWS / max(len(part), 1) * len(frames) / _RUN), 2)
    if len(frames) <= runs * _RUN:
        return frames
    starts = np.linspace(0, len(frames) - _RUN, runs).astype(int)
    return [item for start in starts for item in frames[start : start + _RUN]]


def isolated_pairs(old: Floats, new: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of points of two frames that are nearest to each other, with everyone else at least twice as far."""
    none = np.empty(0, np.intp)
    if not len(old) or not len(new):
        return none, none
    apart = cdist(old, new)
    rows, target = np.arange(len(old)), apart.argmin(axis=1)
    near = apart[rows, target]
    apart[rows, target] = np.inf
    rival = np.minimum(apart.min(axis=1), apart.min(axis=0)[target])
    # Two that share a target are each other's rivals; a column's other entries are those of other rows.
    good = (near <= _ISOLATED * rival) & (np.bincount(target, minlength=len(new))[target] == 1)
    return rows[good], target[good]


def axial(angle: Floats) -> Floats:
    """A difference of undirected axes, wrapped into [-π/2, π/2)."""
    return (angle + np.pi / 2) % np.pi - np.pi / 2


def _median(parts: list[Floats], otherwise: float) -> float:
    values = np.concatenate([*parts, np.empty(0)])
    return float(np.median(values)) if len(values) else otherwise


def _spread(values: Floats) -> float:
    """Standard deviation of a normal distribution with the same median absolute deviation; 0 where too few."""
    values = values[np.isfinite(values)]
    return 1.4826 * float(np.median(abs(values))) if len(values) >= _ENOUGH else 0.0
