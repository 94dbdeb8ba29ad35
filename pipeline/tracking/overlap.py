"""The classic mode: linking of consecutive frames by centroid, then stitching in passes, as in FishSeg's `mask2tracks`.

For laboratories that must reproduce earlier work (Yang et al., FishSeg; the passes go back to Francisco et al. 2020,
"High-resolution, non-invasive animal tracking and reconstruction of local environment in aquatic ecosystems"). What it
does, and where it departs on purpose, is said in each docstring.
"""

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from pipeline.tracking.part import Part
from pipeline.tracking.tracklets import Tracklets

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Indices = NDArray[np.intp]
Pass = tuple[int, float, int]


def flatten(part: Part, rows: slice, size: tuple[int, int], min_overlap: float) -> Indices:
    """Rows of a frame that remain when masks of the same animal, found twice, are joined.

    Two masks of one class are joined where their common area is more than `min_overlap` of the smaller one. The first
    one becomes both (its row in the part is changed: centroid, box and area of the union); pairs are visited in the
    order of the detections, a joined mask going on with what it has become.

    Parameters
    ----------
    size
        Width and height of the image, px.
    """
    kept = np.arange(rows.start, rows.stop)
    if part.masks is None or len(kept) < 2:
        return kept
    width, height = size
    codes = {int(row): {"size": [height, width], "counts": part.masks[row]} for row in kept}
    gone: set[int] = set()
    for a in codes:
        for b in codes:
            if a == b or a in gone or b in gone or part.class_id[a] != part.class_id[b] or _apart(part, a, b):
                continue
            union = coco.merge([codes[a], codes[b]])
            areas = [int(coco.area(code)) for code in (codes[a], codes[b], union)]
            if (areas[0] + areas[1] - areas[2]) / max(min(areas[:2]), 1) > min_overlap:
                codes[a] = union
                gone.add(b)
                _describe(part, a, union)
    return np.array([row for row in kept if int(row) not in gone], np.intp)


def _apart(part: Part, a: int, b: int) -> bool:
    """Whether the boxes have no pixel in common."""
    return any(
        min(part[low][a] + part[size][a], part[low][b] + part[size][b]) <= max(part[low][a], part[low][b])
        for low, size in (("left", "width"), ("top", "height"))
    )


def _describe(part: Part, row: int, code: dict) -> None:
    y, x = np.nonzero(coco.decode(code))
    left, top, width, height = coco.toBbox(code)
    values = {"x": x.mean(), "y": y.mean(), "area": len(x), "left": left, "top": top, "width": width, "height": height}
    for name, value in values.items():
        part.numbers[name][row] = value


class OverlapLinker:
    """Links detections of consecutive frames; a frame without detections ends every piece.

    The assignment has the least sum of centroid distances. In the original one pair at `max_merge_dist` or more threw
    away the assignment of the whole frame, and every animal got a new identity. Here such a frame is assigned again
    with distances capped at `max_merge_dist`, and only the pairs that reach it stay apart; frames without such a pair
    give exactly the original's result.

    Parameters
    ----------
    size
        Width and height of the image, px; None leaves masks that were found twice as they are.
    min_overlap
        See :func:`flatten`.
    max_merge_dist
        Distance from which centroids are not linked, px.
    """

    def __init__(self, size: tuple[int, int] | None, min_overlap: float = 0.75, max_merge_dist: float = 100) -> None:
        self.size, self.min_overlap, self.max_merge_dist = size, min_overlap, max_merge_dist
        self._frame = -2
        self._xy = np.empty((0, 2))
        self._tracklet = np.empty(0, np.int64)
        self._next = 0

    def track(self, part: Part) -> tuple[Indices, Integers, Floats]:
        """Go on with a part, as :meth:`pipeline.tracking.tracker.Tracker.track` (velocities are 0: none are used)."""
        rows, tracklets = [np.empty(0, np.intp)], [np.empty(0, np.int64)]
        for frame, span in part.frames():
            kept = np.arange(span.start, span.stop)
            if self.size is not None:
                kept = flatten(part, span, self.size, self.min_overlap)
            xy = part.xy[kept]
            tracklet = np.full(len(kept), -1)
            if frame == self._frame + 1:
                new, old = link_frames(xy, self._xy, self.max_merge_dist)
                tracklet[new] = self._tracklet[old]
            born = np.flatnonzero(tracklet < 0)
            tracklet[born] = self._next + np.arange(len(born))
            self._next += len(born)
            self._frame, self._xy, self._tracklet = frame, xy, tracklet
            rows.append(kept)
            tracklets.append(tracklet)
        every = np.concatenate(rows)
        return every, np.concatenate(tracklets), np.zeros((len(every), 2))


def link_frames(new: Floats, old: Floats, max_merge_dist: float) -> tuple[Indices, Indices]:
    """Indices of the linked points of two consecutive frames (see :class:`OverlapLinker`)."""
    distance = cdist(new, old)
    rows, columns = linear_sum_assignment(distance)
    if (distance[rows, columns] >= max_merge_dist).any():
        rows, columns = linear_sum_assignment(np.minimum(distance, max_merge_dist))
    good = distance[rows, columns] < max_merge_dist
    return rows[good], columns[good]


def stitch_in_passes(tracklets: Tracklets, passes: tuple[Pass, ...]) -> Integers:
    """The track of each tracklet (T,), -1 where dropped, by repeating the passes until nothing is joined or dropped.

    A pass has a longest gap (frames), a largest distance (px) and a size. Tracks are taken in turn, and each is
    continued, again and again, by the track that begins first among those that begin within the gap after its end and
    less than the distance away. It is left alone where that would be ambiguous (another track has ended within the gap
    before, or before the next beginning, less than the distance away), and also, as in the original, where no other
    track has ended in that time at all: a lone animal's pieces stay apart. After each pass, tracks of no more than
    `size` detections are dropped.
    """
    track = np.arange(len(tracklets))
    first, last = tracklets.first, tracklets.last.copy()
    end, count = tracklets.end.copy(), tracklets.count.copy()
    alive = count > 0
    before = -1
    while before != (before := int(alive.sum())):
        for gap, distance, size in passes:
            for index in range(len(tracklets)):
                while alive[index]:
                    follower = _follower(index, tracklets.start, first, last, end, alive, gap, distance)
                    if follower < 0:
                        break
                    alive[follower] = False
                    track[track == follower] = index
                    last[index], end[index] = last[follower], end[follower]
                    count[index] += count[follower]
            alive &= count > size
    kept = alive[track]
    numbers = np.full(len(track), -1)
    numbers[kept] = np.unique(track[kept], return_inverse=True)[1]
    return numbers


def _follower(
    index: int, start: Floats, first: Integers, last: Integers, end: Floats, alive: NDArray[np.bool_],
    gap: int, distance: float,
) -> int:  # fmt: skip
    """The track that continues `index`, or -1."""
    stop = last[index]
    following = np.flatnonzero(alive & (first > stop) & (first <= stop + gap))
    if not len(following):
        return -1
    ended = alive & (last >= stop - gap) & (last < first[following].min())
    ended[index] = False
    rivals = np.hypot(*(end[ended] - end[index]).T)
    if not len(rivals) or (rivals < distance).any():
        return -1
    near = following[np.hypot(*(start[following] - end[index]).T) < distance]
    return int(near[np.argmin(first[near])]) if len(near) else -1
