"""What an animal can do from one frame to the next, and how plausible it is."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, log1p, pi

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.association import FREEDOM
from pipeline.tracking.chains import Chains, chains_of
from pipeline.tracking.live import Live
from pipeline.tracking.part import Part
from pipeline.tracking.scale import Scale

Floats = NDArray[np.float64]
Reach = Callable[[Floats, Floats], Floats]

_LONG = 1.25
_MOTION = (FREEDOM + 2) / 2
_QUARTER = pi / 2


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


class Plausibility:
    """Gates and costs of a camera.

    Parameters
    ----------
    scale, limits, reach
        See :class:`pipeline.tracking.tracker.Tracker`.
    """

    def __init__(self, scale: Scale, limits: Limits, reach: Reach | None) -> None:
        self.scale, self.limits = scale, limits
        self.noise, self.power = scale.noise**2, scale.acceleration**2
        self._size_change, self._turn = 3 * scale.size_change, 2 * scale.turn
        self._reach = reach

    def chains(self, part: Part) -> Chains:
        """The uncontested links of a part."""
        reach = np.full(len(part), self.scale.step) if self._reach is None else self._reach(*part.xy.T)
        # The centroid of a blob with a second animal in it is off by up to half of that animal's length.
        excess = np.maximum(part.size[:, 1] - _LONG * self.scale.length, 0) / 2 + 2 * self.scale.noise
        return chains_of(part, reach, excess)

    def within_reach(self, track: Live, chains: Chains, index: int) -> list[int]:
        """The rows of a frame (its place in `chains.frames`) where a track may be found."""
        # An animal in a shared blob is wherever the blob is: it is sought around its prediction instead.
        x, y = (track.x, track.y) if track.merged else (track.last_x, track.last_y)
        step = self.scale.step if self._reach is None else float(self._reach(np.array([x]), np.array([y]))[0])
        radius = step * (chains.frames[index][0] - track.seen)
        farthest = radius + chains.widest[index][1]
        band = chains.around(index, x, farthest)
        all_x, all_excess = chains.x, chains.excess
        near = []
        for row, to_y in zip(band, chains.y[band.start : band.stop], strict=True):
            dy = to_y - y
            if -farthest <= dy <= farthest:
                dx, within = all_x[row] - x, radius + all_excess[row]
                if dx * dx + dy * dy <= within * within:
                    near.append(row)
        return near

    def costs(self, track: Live, chains: Chains, rows: list[int]) -> list[float]:
        """Negative log-likelihoods of a track's pairs with rows, by motion, size and orientation."""
        x, y, area, orientation = track.x, track.y, track.area, track.orientation
        all_x, all_y, areas, orientations = chains.x, chains.y, chains.area, chains.orientation
        size_change, turn_change = self._size_change, self._turn
        variance = track.pp + self.noise
        spread, likely = FREEDOM * variance, log(variance)
        found = []
        for row in rows:
            dx, dy = all_x[row] - x, all_y[row] - y
            cost = _MOTION * log1p((dx * dx + dy * dy) / spread) + likely
            size = log(areas[row] / area) / size_change
            size *= size / 2
            turn = ((orientations[row] - orientation + _QUARTER) % pi - _QUARTER) / turn_change
            turn *= turn / 2
            # An unknown orientation counts as another one.
            found.append(cost + (size if size < 3 else 3) + (turn if turn < 2 else 2))
        return found
