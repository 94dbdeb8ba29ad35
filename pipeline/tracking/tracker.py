"""From detections to tracklets, frame by frame: pieces that hold one animal and end where that becomes uncertain."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking import kalman
from pipeline.tracking.association import Indices, Pairs, ambiguous, assign, motion_cost
from pipeline.tracking.blobs import Blobs, join_fragments, merged_tracks
from pipeline.tracking.part import Part
from pipeline.tracking.scale import Scale, axial

Floats = NDArray[np.float64]

LIVE = np.dtype(
    [
        *kalman.STATE,
        ("seen_x", "f8"), ("seen_y", "f8"),  # where it was last seen, px
        ("area", "f8"), ("length", "f8"), ("orientation", "f8"),
        ("seen", "i8"), ("hits", "i8"), ("tracklet", "i8"),
        ("merged", "?"),  # shares a blob with another animal
        ("pieces", "i8"),  # consecutive frames in which it came in pieces
    ]
)  # fmt: skip
Reach = Callable[[Floats, Floats], Floats]

_SETTLED = 3
_SLOWEST_SIZE = 0.05
_COAST_DAMPING = 0.9


@dataclass(frozen=True)
class Limits:
    """What the tracker takes for possible, in frames and px.

    Parameters
    ----------
    patience
        Frames that an unseen track is kept.
    high_score
        Detections at or above it start tracks and are matched first.
    margin
        Natural log of the odds below which a match is ambiguous.
    """

    patience: int = 15
    high_score: float = 0.5
    margin: float = 4.0


class Tracker:
    """Tracklets of one camera, made in one pass over its frames.

    Parameters
    ----------
    scale
        Typical sizes and motions (:func:`pipeline.tracking.scale.measure`).
    limits
        What counts as possible.
    reach
        ``reach(x, y)`` gives the px that an animal can move in one frame where it is in the image; default: the
        scale's `step` everywhere.
    """

    def __init__(self, scale: Scale, limits: Limits | None = None, reach: Reach | None = None) -> None:
        self.scale, self.limits = scale, limits or Limits()
        self._reach = reach
        self._live = np.zeros(0, LIVE)
        self._frame = -1
        self._next = 0
        self._noise = scale.noise**2
        self._rows: list[Indices] = []
        self._tracklets: list[NDArray[np.int64]] = []
        self._velocity: list[Floats] = []

    @property
    def tracklets(self) -> int:
        """Number of tracklets begun so far."""
        return self._next

    def track(self, part: Part) -> tuple[Indices, NDArray[np.int64], Floats]:
        """Go on with a part: its frames follow those of the part before.

        Returns
        -------
        Row of the part (K,), tracklet (K,) and velocity (K, 2) in px per frame, by frame. Detections without a tracklet
        are left out. Where an animal came in pieces, the part's columns now describe all of them in the row of one.
        """
        for frame, rows in part.frames():
            self._step(frame, rows, part)
        found = (
            np.concatenate([*self._rows, np.empty(0, np.intp)]),
            np.concatenate([*self._tracklets, np.empty(0, np.int64)]),
            np.concatenate([*self._velocity, np.empty((0, 2))]),
        )
        self._rows, self._tracklets, self._velocity = [], [], []
        return found

    def _step(self, frame: int, rows: slice, part: Part) -> None:
        live = self._advance(frame)
        blobs = Blobs.of(part, rows)
        strong = blobs.score >= self.limits.high_score
        match, pairs = self._match(live, blobs, strong, frame)
        settled = live["hits"] >= _SETTLED
        merged = merged_tracks(live, blobs, match, settled)
        lost = (match < 0) & ~merged
        owned = np.zeros(len(blobs), bool)
        owned[match[match >= 0]] = True
        if not owned.all() and len(live):
            owned |= join_fragments(live, blobs, match, owned, part, rows.start)
        if len(pairs.track) > len(live) - np.count_nonzero(lost) or lost.any():
            usable = settled[pairs.track] & strong[pairs.detection]
            usable |= match[pairs.track] == pairs.detection
            split = ambiguous(pairs.where(usable), match, self.limits.margin)
        else:
            split = np.zeros(len(live), bool)
        # Out of a shared blob: who is who is a guess, so that a new piece begins.
        apart = live["merged"] & ~merged & (match >= 0)
        split |= apart
        live["merged"] = merged | (live["merged"] & lost)
        self._observe(live, blobs, match, merged, split, frame, rows.start)
        self._finish(live, blobs, ~owned & strong, frame, rows.start)

    def _advance(self, frame: int) -> NDArray:
        """The live tracks, moved to this frame; those unseen for too long, and the tentative ones, are gone."""
        live = self._live
        if len(live):
            age = frame - live["seen"]
            keep = (age <= self.limits.patience) & ((live["hits"] >= _SETTLED) | (age <= 2))
            if not keep.all():
                live = live[keep]
            coasting = frame - live["seen"] > 1
            if coasting.any():
                for name in ("vx", "vy"):
                    live[name][coasting] *= _COAST_DAMPING
            kalman.predict(live, frame - self._frame, self.scale.acceleration)
        self._frame = frame
        return live

    def _match(self, live: NDArray, blobs: Blobs, strong: NDArray[np.bool_], frame: int) -> tuple[Indices, Pairs]:
        """Two stages: settled tracks with high scores, then what is left of both."""
        pairs = self._pairs(live, blobs, frame)
        first = (live["hits"] >= _SETTLED)[pairs.track] & strong[pairs.detection]
        match = assign(pairs if first.all() else pairs.where(first))
        if not first.all():
            taken = np.zeros(len(blobs), bool)
            taken[match[match >= 0]] = True
            rest = (match[pairs.track] < 0) & ~taken[pairs.detection]
            match = np.maximum(match, assign(pairs.where(rest)))
        return match, pairs

    def _pairs(self, live: NDArray, blobs: Blobs, frame: int) -> Pairs:
        """Every pair within reach: of where the animal was last seen, and of a shared blob's extent."""
        n, m = len(live), len(blobs)
        if not n or not m:
            none = np.empty(0, np.intp)
            return Pairs(none, none, np.empty(0), (n, m))
        # An animal in a shared blob is wherever the blob is: it is sought around its prediction instead.
        from_x = np.where(live["merged"], live["x"], live["seen_x"])
        from_y = np.where(live["merged"], live["y"], live["seen_y"])
        dx, dy = blobs.x - from_x[:, None], blobs.y - from_y[:, None]
        step = self.scale.step if self._reach is None else self._reach(from_x, from_y)
        reach = step * (frame - live["seen"]) + 2 * self.scale.noise
        # The centroid of a blob with a second animal in it is off by up to half of that animal's length.
        excess = np.maximum(blobs.length - live["length"][:, None], 0) / 2
        i, j = np.nonzero(dx * dx + dy * dy <= (reach[:, None] + excess) ** 2)
        ex, ey = blobs.x[j] - live["x"][i], blobs.y[j] - live["y"][i]
        variance = live["pp"][i] + self._noise
        cost = motion_cost(ex * ex + ey * ey, variance)
        size = np.log(blobs.area[j] / live["area"][i]) / (3 * self.scale.size_change)
        cost += np.minimum(size * size / 2, 3)
        turn = axial(blobs.orientation[j] - live["orientation"][i]) / (2 * self.scale.turn)
        cost += np.nan_to_num(np.minimum(turn * turn / 2, 2))
        return Pairs(i, j, cost, (n, m))

    def _observe(
        self, live: NDArray, blobs: Blobs, match: Indices, merged: NDArray, split: NDArray, frame: int, first: int
    ) -> None:
        """Take the matched positions in and give out rows; a shared blob only holds its animals near."""
        if merged.any():
            at = np.flatnonzero(merged & (match >= 0))
            j = match[at]
            kalman.update(live, at, blobs.x[j], blobs.y[j], (blobs.length[j] / 3) ** 2)
            live["seen"][at] = frame
            match = np.where(merged, -1, match)
        index = np.flatnonzero(match >= 0)
        if not len(index):
            return
        j = match[index]
        kalman.update(live, index, blobs.x[j], blobs.y[j], self._noise)
        live["seen_x"][index], live["seen_y"][index] = blobs.x[j], blobs.y[j]
        live["seen"][index] = frame
        live["hits"][index] += 1
        rate = np.maximum(1 / live["hits"][index], _SLOWEST_SIZE)
        for name, value in (("area", blobs.area[j]), ("length", blobs.length[j])):
            live[name][index] += rate * (value - live[name][index])
        live["orientation"][index] = blobs.orientation[j]
        fresh = index[split[index]]
        if len(fresh):
            live["tracklet"][fresh] = self._new(len(fresh))
        self._give(first + j, live, index)

    def _finish(self, live: NDArray, blobs: Blobs, free: NDArray, frame: int, first: int) -> None:
        """Start tracks at the detections that nobody took."""
        born = np.flatnonzero(free)
        if len(born):
            new = np.zeros(len(born), LIVE)
            new["x"] = new["seen_x"] = blobs.x[born]
            new["y"] = new["seen_y"] = blobs.y[born]
            new["pp"], new["vv"] = self._noise, self.scale.speed**2
            for name in ("area", "length", "orientation"):
                new[name] = getattr(blobs, name)[born]
            new["seen"], new["hits"], new["tracklet"] = frame, 1, self._new(len(born))
            self._give(first + born, new, np.arange(len(born)))
            live = np.concatenate([live, new])
        self._live = live

    def _give(self, rows: Indices, live: NDArray, index: Indices) -> None:
        self._rows.append(rows)
        self._tracklets.append(live["tracklet"][index])
        self._velocity.append(np.column_stack([live["vx"][index], live["vy"][index]]))

    def _new(self, count: int) -> NDArray[np.int64]:
        numbers = np.arange(self._next, self._next + count)
        self._next += count
        return numbers
