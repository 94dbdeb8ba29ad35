"""Points in the world per animal and frame, made from all its views."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import project
from pipeline.geometry.triangulation import triangulate
from pipeline.reconstruction.observations import Floats, Integers, Observations
from pipeline.reconstruction.splitting import runs
from pipeline.types import Arena, CameraGroup

_OPEN_DEPTH = 0.05
"""A standard deviation above this share of the arena's diagonal: the rays are too parallel to give a place."""
_SHORTEST_RUN = 3


@dataclass(frozen=True, eq=False)
class Rows:
    """Points of paths, sorted by path, then frame.

    Parameters
    ----------
    path, frame
        (R,) number of the path and frame of the recording.
    point, sd
        (R, 3) world, m.
    reprojection_px, n_views
        (R,) of the views used.
    """

    path: Integers
    frame: Integers
    point: Floats
    sd: Floats
    reprojection_px: Floats
    n_views: Integers

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, chosen: NDArray) -> "Rows":
        """Some rows, by mask or index."""
        return Rows(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def renamed(self, number: Integers) -> "Rows":
        """The same rows with path p called ``number[p]``; those called -1 are left out."""
        path = number[self.path]
        kept = np.flatnonzero(path >= 0)
        kept = kept[np.lexsort((self.frame[kept], path[kept]))]
        return Rows(path[kept], *(getattr(self, name)[kept] for name in list(self.__dataclass_fields__)[1:]))

    @classmethod
    def joined(cls, parts: list["Rows"]) -> "Rows":
        """Rows of several tables, sorted."""
        whole = cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))
        return whole.take(np.lexsort((whole.frame, whole.path)))

    def slices(self) -> dict[int, slice]:
        """Where each path's rows are."""
        numbers, start = np.unique(self.path, return_index=True)
        stops = np.append(start, len(self))[1:]
        return {int(n): slice(int(a), int(b)) for n, a, b in zip(numbers, start, stops, strict=True)}


@dataclass(frozen=True)
class Precision:
    """What counts as a good point.

    Parameters
    ----------
    sigma_px
        Standard deviation of a centroid, px.
    gate
        Largest reprojection error, in standard deviations.
    """

    sigma_px: float
    gate: float


def triangulated(
    cameras: CameraGroup, seen: Observations, path: Integers, precision: Precision, arena: Arena | None
) -> tuple[Rows, NDArray[np.bool_]]:
    """Triangulate every path in every frame in which two views agree.

    Parameters
    ----------
    path
        (N,) path of each observation, -1 for none; at most one per path, frame and camera.

    Returns
    -------
    rows
        Points from at least two agreeing views, inside the arena (with a margin) and of known depth.
    used
        (N,) which observations made one of them.
    """
    member = np.flatnonzero(path >= 0)
    width = int(seen.frame.max()) + 1 if len(seen) else 1
    keys, row = np.unique(path[member] * width + seen.frame[member], return_inverse=True)
    pixels, doubt = np.full((len(cameras), len(keys), 2), np.nan), np.ones((len(cameras), len(keys)))
    pixels[seen.camera[member], row] = seen.pixel[member]
    doubt[seen.camera[member], row] = seen.doubt[member]
    found = triangulate(cameras, pixels, sigma_px=precision.sigma_px * doubt, gate=precision.gate)
    with np.errstate(invalid="ignore"):
        scaled = np.where(found.used, found.errors_px / doubt, 0).max(axis=0, initial=0)
        good = (found.n_views >= 2) & (scaled <= precision.gate * precision.sigma_px)
    good &= _inside(found.points, found.sd, arena, good)
    rows = Rows(keys // width, keys % width, found.points, found.sd, found.reprojection_px, found.n_views.astype(int))
    used = np.zeros(len(seen), bool)
    used[member] = found.used[seen.camera[member], row] & good[row]
    return rows.take(good), used


def _inside(points: Floats, sd: Floats, arena: Arena | None, good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if arena is not None:
        low, high = np.array(arena.habitat).T
    elif good.any():  # without an arena: where the animals mostly are
        low, high = np.percentile(points[good], [1, 99], axis=0)
        low, high = low - (high - low), high + (high - low)
    else:
        return good
    margin = 0.05 * (high - low) + 3 * sd
    with np.errstate(invalid="ignore"):
        within = ((points >= low - margin) & (points <= high + margin)).all(axis=1)
        return within & (sd.max(axis=1) <= _OPEN_DEPTH * np.linalg.norm(high - low))


def rejected_runs(seen: Observations, path: Integers, used: NDArray[np.bool_], shortest: int) -> dict[int, list[int]]:
    """Where pieces should be cut because their view is left out of their own path for long.

    Returns
    -------
    Piece → frames at which a run of `shortest` or more rejected observations begins or ends.
    """
    cuts: dict[int, list[int]] = {}
    solved = np.unique(np.stack([path[used], seen.frame[used]]), axis=1)
    width = int(seen.frame.max()) + 1 if len(seen) else 1
    has_point = np.isin(path * width + seen.frame, solved[0] * width + solved[1])
    contrary = has_point & ~used & (path >= 0)
    order = np.lexsort((seen.frame, seen.piece))
    for rows in np.split(order, np.flatnonzero(np.diff(seen.piece[order])) + 1):
        for begin, stop in zip(*runs(contrary[rows]), strict=True):
            if stop - begin >= shortest:
                ends = [rows[begin]] + ([rows[stop]] if stop < len(rows) else [])
                cuts.setdefault(int(seen.piece[rows[0]]), []).extend(int(seen.frame[row]) for row in ends)
    return cuts


def reassigned(
    cameras: CameraGroup, seen: Observations, path: Integers, used: NDArray[np.bool_], rows: Rows,
    precision: Precision, short_gap: int,
) -> Integers:  # fmt: skip
    """Give observations that no path uses to the path whose point they show.

    An observation is free if it has no path or its own path left it out. It goes to the nearest path within the gate
    that has no used view of that camera in the frame, if the frames beside it in its piece say the same.

    Parameters
    ----------
    short_gap
        Frames over which a path is interpolated for the comparison.
    """
    free = np.flatnonzero(~used)
    parts = rows.slices()
    if not len(free) or not parts:
        return path
    first, stop = int(seen.frame.min()), int(seen.frame.max()) + 1
    numbers = np.array(sorted(parts))
    taken = np.zeros((len(cameras), len(numbers), stop - first), bool)
    mine = used & (path >= 0)
    taken[seen.camera[mine], np.searchsorted(numbers, path[mine]), seen.frame[mine] - first] = True
    error = np.full((len(free), len(numbers)), np.inf)
    for column, number in enumerate(numbers):
        dense = _dense(rows.frame[parts[number]], rows.point[parts[number]], first, stop, short_gap)
        for index, camera in enumerate(cameras):
            here = seen.camera[free] == index
            at = seen.frame[free[here]] - first
            distance = np.linalg.norm(project(camera, dense[at]) - seen.pixel[free[here]], axis=1)
            distance[np.isnan(distance) | taken[index, column, at]] = np.inf
            error[here, column] = distance
    best = error.argmin(axis=1)
    nearest = error[np.arange(len(free)), best]
    label = np.where(nearest <= precision.gate * precision.sigma_px * seen.doubt[free], numbers[best], -1)
    label = _in_runs(seen, free, label)
    label = _one_each(seen, free, label, nearest)
    changed = np.where(used, path, -1)
    changed[free] = label
    # What was left out and nobody else wants stays with its path: it may carry the identity, though not the place.
    back = free[(label < 0) & (path[free] >= 0)]
    width = stop + 1
    occupied = (changed * len(cameras) + seen.camera) * width + seen.frame
    wanted = (path[back] * len(cameras) + seen.camera[back]) * width + seen.frame[back]
    changed[back] = np.where(np.isin(wanted, occupied[changed >= 0]), -1, path[back])
    return changed


def _dense(frame: Integers, point: Floats, first: int, stop: int, short_gap: int) -> Floats:
    """(stop - first, 3) points by frame, straight lines over short gaps, NaN elsewhere."""
    wanted = np.arange(first, stop)
    dense = np.stack([np.interp(wanted, frame, point[:, axis]) for axis in range(3)], axis=1)
    after = np.searchsorted(frame, wanted)
    known = np.zeros(len(wanted), bool)
    inner = (after > 0) & (after < len(frame))
    known[inner] = frame[after[inner]] - frame[after[inner] - 1] <= short_gap + 1
    known[frame - first] = True
    dense[~known] = np.nan
    return dense


def _in_runs(seen: Observations, free: Integers, label: Integers) -> Integers:
    """Labels that hold for three observations of a piece in a row, or a whole shorter piece; the others become -1."""
    order = np.lexsort((seen.frame[free], seen.piece[free]))
    piece, ordered = seen.piece[free][order], label[order]
    start = np.flatnonzero(np.concatenate([[True], (np.diff(ordered) != 0) | (np.diff(piece) != 0)]))
    length = np.diff(np.append(start, len(order)))
    kept = np.full(len(label), -1)
    size = np.bincount(seen.piece)[piece]
    kept[order] = np.where(np.repeat(length, length) >= np.minimum(_SHORTEST_RUN, size), ordered, -1)
    return kept


def _one_each(seen: Observations, free: Integers, label: Integers, error: Floats) -> Integers:
    """Of several observations of one camera and frame with the same label, the nearest keeps it."""
    order = np.lexsort((error, seen.frame[free], seen.camera[free], label))
    keys = np.stack([label, seen.camera[free], seen.frame[free]])[:, order]
    repeated = np.concatenate([[False], (np.diff(keys, axis=1) == 0).all(axis=0)])
    kept = label.copy()
    kept[order[repeated]] = -1
    return kept


def without_spikes(rows: Rows, half_window: int) -> Rows:
    """Leave out points far from the running median of their path: two wrong views can agree by chance."""
    kept = np.ones(len(rows), bool)
    for part in rows.slices().values():
        point, frame = rows.point[part], rows.frame[part]
        if len(frame) < 5:
            continue
        index = np.arange(len(frame))[:, None] + np.arange(-half_window, half_window + 1)
        near = np.clip(index, 0, len(frame) - 1)
        close = (np.abs(frame[near] - frame[:, None]) <= 2 * half_window)[..., None]
        middle = np.nanmedian(np.where(close, point[near], np.nan), axis=1)
        distance = np.linalg.norm(point - middle, axis=1)
        usual = np.array([np.median(distance[window]) for window in near])
        limit = 6 * (usual + np.linalg.norm(rows.sd[part], axis=1))
        kept[part] = distance <= limit
    return rows.take(kept)
