"""Takes detections into tracks."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.chains import Chains
from pipeline.tracking.kalman import steady
from pipeline.tracking.live import Live
from pipeline.tracking.plausibility import Plausibility

_SLOWEST_SIZE, _STEADY_SIZE = 0.15, 7  # the weight of a row in an animal's size, and from how many rows on
_STEADY = 1e-3


class Follower:
    """Takes rows of chains into tracks.

    Parameters
    ----------
    plausible
        What is measured how well, and what is too much of a surprise.
    """

    def __init__(self, plausible: Plausibility) -> None:
        self.noise, self.power = plausible.noise, plausible.power
        self._speed = plausible.scale.speed
        self._limits = plausible.limits
        self._steady = steady(self.noise, self.power)
        self.begun = 0

    def begin_part(self, chains: Chains) -> None:
        """From here on rows are those of this part."""
        self.chains = chains
        self.tracklet = [-1] * len(chains)
        self.vx, self.vy = [0.0] * len(chains), [0.0] * len(chains)
        self._known = self.begun

    def new(self) -> int:
        """Number of a new tracklet."""
        self.begun += 1
        return self.begun - 1

    def begin(self, row: int) -> Live:
        """A track that starts with a row."""
        c, frame = self.chains, self.chains.frame[row]
        track = Live(
            c.x[row], c.y[row], self.noise, self._speed**2, last_x=c.x[row], last_y=c.y[row], area=c.area[row],
            length=c.length[row], orientation=c.orientation[row], seen=frame, moved=frame, tracklet=self.new(),
        )  # fmt: skip
        self.tracklet[row] = track.tracklet
        return track

    def observe(self, track: Live, row: int, split: bool) -> None:
        """Take a row of the frame that the track was moved to."""
        c = self.chains
        x, y, frame, hits = c.x[row], c.y[row], c.frame[row], track.hits
        surprise = track.update(x, y, self.noise)
        limits = self._limits
        if (split or surprise > limits.surprise or frame - track.seen > limits.longest_gap + 1) and hits > 1:
            track.tracklet = self.new()
        track.last_x, track.last_y, track.orientation = x, y, c.orientation[row]
        track.seen = frame
        track.hits = hits = hits + 1
        rate = 1 / hits if hits < _STEADY_SIZE else _SLOWEST_SIZE
        track.area += rate * (c.area[row] - track.area)
        track.length += rate * (c.length[row] - track.length)
        self.tracklet[row], self.vx[row], self.vy[row] = track.tracklet, track.vx, track.vy

    def follow(self, track: Live, stop: int) -> None:
        """Take the rows of the track's chain before this place in the sequence."""
        c = self.chains
        while track.at < stop and not self._is_steady(track):
            row = c.sequence[track.at]
            track.predict(1, self.power)
            self.observe(track, row, split=False)
            track.at += 1
        if track.at < stop:
            self._follow_steadily(track, c.sequence[track.at : stop])
            track.at = stop
        track.moved = track.seen

    def _is_steady(self, track: Live) -> bool:
        at = self._steady
        return (
            track.hits >= _STEADY_SIZE
            and abs(track.pp - at.pp) < _STEADY * at.pp
            and abs(track.vv - at.vv) < _STEADY * at.vv
        )

    def _follow_steadily(self, track: Live, rows: list[int]) -> None:
        """The same where the variances do not change any more."""
        c, state = self.chains, self._steady
        pp, pv, vv, power = state.pp, state.pv, state.vv, self.power
        scale = 1 / (pp + 2 * pv + vv + power / 3 + self.noise)
        gain, gain_v = (pp + 2 * pv + vv + power / 3) * scale, (pv + vv + power / 2) * scale
        farthest = self._limits.surprise / scale
        column_x, column_y, areas, lengths = c.x, c.y, c.area, c.length
        tracklets, all_vx, all_vy = self.tracklet, self.vx, self.vy
        x, y, vx, vy = track.x, track.y, track.vx, track.vy
        area, length, tracklet = track.area, track.length, track.tracklet
        for row in rows:
            x += vx
            y += vy
            dx = column_x[row] - x
            dy = column_y[row] - y
            if dx * dx + dy * dy > farthest:
                tracklet = self.new()
            x += gain * dx
            y += gain * dy
            vx += gain_v * dx
            vy += gain_v * dy
            area += _SLOWEST_SIZE * (areas[row] - area)
            length += _SLOWEST_SIZE * (lengths[row] - length)
            tracklets[row] = tracklet
            all_vx[row] = vx
            all_vy[row] = vy
        track.x, track.y, track.vx, track.vy = x, y, vx, vy
        track.area, track.length, track.tracklet = area, length, tracklet
        track.pp, track.pv, track.vv = pp, pv, vv
        track.last_x, track.last_y, track.orientation = column_x[row], column_y[row], c.orientation[row]
        track.seen = c.frame[row]
        track.hits += len(rows)

    def end_part(self, live: Iterable[Live]) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64]]:
        """Rows of the part that belong to tracklets, their tracklets and velocities; no track holds a chain any more.

        Chains were followed one after the other; here the tracklets that began in this part are numbered in the order
        of their first rows, so that it does not matter how a recording is cut into parts.
        """
        in_part = np.argsort(self.chains.order)
        given = np.array(self.tracklet, np.int64)[in_part]
        rows = np.flatnonzero(given >= 0)
        given = given[rows]
        velocity = np.column_stack([self.vx, self.vy])[in_part[rows]]
        values, first, inverse = np.unique(given, return_index=True, return_inverse=True)
        fresh = values >= self._known
        number = values.copy()
        number[np.flatnonzero(fresh)[np.argsort(first[fresh])]] = self._known + np.arange(np.count_nonzero(fresh))
        renumbered = dict(zip(values.tolist(), number.tolist(), strict=True))
        for track in live:
            track.tracklet = renumbered.get(track.tracklet, track.tracklet)
        return rows, number[inverse], velocity
