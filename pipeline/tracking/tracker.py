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
        ("last", "f8", 2),  # where it was last seen, px
        ("size", "f8", 2), ("orientation", "f8"),  # area and length of the box's diagonal; rad
        ("seen", "i8"), ("hits", "i8"), ("tracklet", "i8"),
        ("merged", "?"),  # shares a blob with another animal
        ("held", "i8"),  # consecutive frames in a shared blob
        ("pieces", "i8"),  # consecutive frames in which it came in pieces
    ]
)  # fmt: skip
Reach = Callable[[Floats, Floats], Floats]

_SETTLED = 3
_SLOWEST_SIZE = 0.15
_COAST_DAMPING = 0.9
_LONG = 1.25
_LONGEST_SHARE = 10  # times the patience: a blob that is shared for longer is one animal that once came in two pieces


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
    longest_gap
        Frames that a tracklet may miss; an animal found again later begins a new one.
    surprise
        Squared distance between foretold and found position, in variances, beyond which a new tracklet begins.
    """

    patience: int = 15
    high_score: float = 0.5
    margin: float = 4.0
    longest_gap: int = 3
    surprise: float = 64.0


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
        self._longest_share = _LONGEST_SHARE * self.limits.patience
        # Whether an animal is unseen, in a shared blob or in pieces: then the next frame is not a usual one.
        self._uneasy = False
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
        i, j = self._within_reach(live, part.xy[rows], part.numbers["length"][rows], frame)
        n, m = len(live), rows.stop - rows.start
        if not self._uneasy and len(i) == n == m:
            taken = np.zeros(m, bool)
            taken[j] = True
            if taken.all() and (i[1:] != i[:-1]).all():
                # The usual frame: one detection for each track, one track for each detection.
                self._observe(live, part, rows.start + j, ~taken, frame)
                return
        self._weigh(live, i, j, frame, rows, part)

    def _weigh(self, live: NDArray, i: Indices, j: Indices, frame: int, rows: slice, part: Part) -> None:
        """A frame in which animals compete, are missing, touch, fall to pieces or appear."""
        blobs = Blobs.of(part, rows)
        strong = blobs.score >= self.limits.high_score
        match, pairs = self._match(live, blobs, i, j, strong)
        found = match >= 0
        merged = split = np.zeros(len(live), bool)
        joined = np.zeros(len(blobs), bool)
        if not found.all():
            # What was seen apart for a moment only may be a leg or a tail that is whole again: no animal hides there.
            hidden = ((live["hits"] >= self.limits.patience) | live["merged"]) & (live["held"] < self._longest_share)
            merged = merged_tracks(live, blobs, match, hidden)
        owned = np.zeros(len(blobs), bool)
        owned[match[found | merged]] = True
        if not owned.all() or live["pieces"].any():
            joined = join_fragments(live, blobs, match, owned, part, rows.start)
            owned |= joined
        if pairs is not None:
            # Neither a piece of an animal nor a tentative track makes another's match doubtful.
            rivals = (live["hits"] >= _SETTLED)[pairs.track] & (strong & ~joined)[pairs.detection]
            split = ambiguous(pairs.where(rivals | (match[pairs.track] == pairs.detection)), match, self.limits.margin)
        if live["merged"].any() or merged.any():
            # Out of a shared blob: who is who is a guess, so that a new piece begins.
            split = split | (live["merged"] & ~merged & found)
            live["merged"] = merged | (live["merged"] & ~found & ~merged)
            self._hold(live, blobs, match, merged, frame)
            found = found & ~merged
        index = np.flatnonzero(found)
        if len(index):
            seen = live[index]
            self._observe(seen, part, rows.start + match[index], split[index], frame)
            live[index] = seen
        self._uneasy = not found.all() or bool(live["pieces"].any())
        born = np.flatnonzero(~owned & strong)
        if len(born):
            self._begin(part, rows.start + born, frame)

    def _advance(self, frame: int) -> NDArray:
        """The live tracks, moved to this frame; those unseen for too long, and the tentative ones, are gone."""
        live = self._live
        step = frame - self._frame
        if len(live):
            if self._uneasy or step > 1:
                self._uneasy = True
                age = frame - live["seen"]
                coasting = age > 1
                keep = (age <= self.limits.patience) & ((live["hits"] >= _SETTLED) | ~coasting)
                if not keep.all():
                    live = self._live = live[keep]
                    coasting = coasting[keep]
                live["velocity"][coasting] *= _COAST_DAMPING
            kalman.predict(live, step, self.scale.acceleration)
        self._frame = frame
        return live

    def _match(
        self, live: NDArray, blobs: Blobs, i: Indices, j: Indices, strong: NDArray[np.bool_]
    ) -> tuple[Indices, Pairs | None]:
        """(N,) detection of each track, -1 for none, and the pairs that were weighed, None where nobody competes.

        Two stages: settled tracks with high scores, then what is left of both.
        """
        if not (i[1:] == i[:-1]).any() and not (len(j) and np.bincount(j).max() > 1):
            match = np.full(len(live), -1, np.intp)
            match[i] = j
            return match, None
        pairs = Pairs(i, j, self._cost(live, blobs, i, j), (len(live), len(blobs)))
        first = (live["hits"] >= _SETTLED)[i] & strong[j]
        if first.all():
            return assign(pairs), pairs
        match = assign(pairs.where(first))
        taken = np.zeros(len(blobs), bool)
        taken[match[match >= 0]] = True
        rest = (match[i] < 0) & ~taken[j]
        return np.maximum(match, assign(pairs.where(rest))), pairs

    def _within_reach(self, live: NDArray, xy: Floats, length: Floats, frame: int) -> tuple[Indices, Indices]:
        """Pairs near enough, from where the animal was last seen: sorted by track."""
        origin = live["last"]
        if self._uneasy and live["merged"].any():
            # An animal in a shared blob is wherever the blob is: it is sought around its prediction instead.
            origin = np.where(live["merged"][:, None], live["xy"], origin)
        # The centroid of a blob with a second animal in it is off by up to half of that animal's length.
        excess = np.maximum(length - _LONG * self.scale.length, 0) / 2 + 2 * self.scale.noise
        if self._reach is None and not self._uneasy:
            limit = excess + self.scale.step
        else:
            step = self.scale.step if self._reach is None else self._reach(*origin.T)
            limit = (step * (frame - live["seen"]))[:, None] + excess
        dx = xy[:, 0] - origin[:, :1]
        dy = xy[:, 1] - origin[:, 1:]
        dx *= dx
        dy *= dy
        dx += dy
        return (dx <= limit * limit).nonzero()

    def _cost(self, live: NDArray, blobs: Blobs, i: Indices, j: Indices) -> Floats:
        """Negative log-likelihood of pairs, by motion, size and orientation."""
        error = blobs.xy[j] - live["xy"][i]
        cost = motion_cost((error * error).sum(axis=1), live["pp"][i] + self._noise)
        size = np.log(blobs.area[j] / live["size"][i, 0]) / (3 * self.scale.size_change)
        cost += np.minimum(size * size / 2, 3)
        turn = axial(blobs.orientation[j] - live["orientation"][i]) / (2 * self.scale.turn)
        return cost + np.fmin(turn * turn / 2, 2)

    def _hold(self, live: NDArray, blobs: Blobs, match: Indices, merged: NDArray, frame: int) -> None:
        """A shared blob only holds its animals near it: it says little of where each is."""
        at = np.flatnonzero(merged)
        held, j = live[at], match[at]
        kalman.update(held, blobs.xy[j], (blobs.length[j] / 3) ** 2)
        held["seen"] = frame
        live[at] = held
        live["held"] = np.where(merged, live["held"] + 1, np.where(match >= 0, 0, live["held"]))

    def _observe(self, seen: NDArray, part: Part, rows: Indices, split: NDArray[np.bool_], frame: int) -> None:
        """Take the positions of these rows into tracks, in place, and give out rows."""
        xy = part.xy[rows]
        broken = kalman.update(seen, xy, self._noise) > self.limits.surprise
        broken |= split
        if self._uneasy:
            broken |= frame - seen["seen"] > self.limits.longest_gap + 1
        hits, size = seen["hits"], seen["size"]
        if broken.any():
            broken &= hits > 1
            seen["tracklet"][broken] = self._new(int(np.count_nonzero(broken)))
        seen["last"] = xy
        seen["seen"] = frame
        seen["orientation"] = part.numbers["orientation"][rows]
        hits += 1
        size += np.maximum(1 / hits, _SLOWEST_SIZE)[:, None] * (part.size[rows] - size)
        self._give(rows, seen)

    def _begin(self, part: Part, born: Indices, frame: int) -> None:
        """Start tracks at detections that nobody took."""
        new = np.zeros(len(born), LIVE)
        new["xy"] = new["last"] = part.xy[born]
        new["pp"], new["vv"] = self._noise, self.scale.speed**2
        new["size"], new["orientation"] = part.size[born], part["orientation"][born]
        new["seen"], new["hits"], new["tracklet"] = frame, 1, self._new(len(born))
        self._give(born, new)
        self._live = np.concatenate([self._live, new])

    def _give(self, rows: Indices, tracks: NDArray) -> None:
        self._rows.append(rows)
        self._tracklets.append(tracks["tracklet"].copy())
        self._velocity.append(tracks["velocity"].copy())

    def _new(self, count: int) -> NDArray[np.int64]:
        numbers = np.arange(self._next, self._next + count)
        self._next += count
        return numbers
