"""From detections to tracklets: pieces that hold one animal and end where that becomes uncertain.

Most of a recording is not in doubt: one detection within reach of each track, one track within reach of each detection.
Such links are found for all frames of a part at once (:mod:`pipeline.tracking.chains`); frame by frame only the tracks
are weighed whose next detection is contested or missing, and the detections that nobody continues.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.chains import Chains
from pipeline.tracking.event import Event
from pipeline.tracking.follower import Follower
from pipeline.tracking.live import Live
from pipeline.tracking.part import Part
from pipeline.tracking.plausibility import Limits as Limits
from pipeline.tracking.plausibility import Plausibility, Reach
from pipeline.tracking.scale import Scale

Floats = NDArray[np.float64]


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
        self._plausible = Plausibility(scale, limits or Limits(), reach)
        self._follower = Follower(self._plausible)
        # Tracks that are on no chain.
        self._loose: list[Live] = []

    @property
    def tracklets(self) -> int:
        """Number of tracklets begun so far."""
        return self._follower.begun

    def track(self, part: Part) -> tuple[NDArray[np.intp], NDArray[np.int64], Floats]:
        """Go on with a part: its frames follow those of the part before.

        Returns
        -------
        Row of the part (K,), tracklet (K,) and velocity (K, 2) in px per frame, by frame. Detections without a tracklet
        are left out. Where an animal came in pieces, the part's columns now describe all of them in the row of one.
        """
        if not len(part):
            return np.empty(0, np.intp), np.empty(0, np.int64), np.empty((0, 2))
        chains = self._plausible.chains(part)
        self._follower.begin_part(chains)
        holder: list[Live | None] = [None] * len(chains.stop)
        # Next rows of chains that have no holder.
        adrift: list[int] = []
        ended: list[int] = []
        for index, (frame, _, _) in enumerate(chains.frames):
            candidates = self._let_go(ended, holder, chains, frame)
            rows = chains.starts[index] + adrift
            if rows or self._loose:
                event = Event(self._plausible, self._follower, chains, holder, part, index)
                self._loose, adrift = event.resolve(self._loose, candidates, rows)
            ended = chains.ends[index]
        for number, track in enumerate(holder):
            if track is not None:
                self._follower.follow(track, chains.stop[number])
                self._loose.append(track)
        return self._follower.end_part(self._loose)

    def _let_go(self, ended: list[int], holder: list[Live | None], chains: Chains, frame: int) -> dict[Live, list[int]]:
        """Tracks whose chains ended in the frame before are loose; gives what is within their reach."""
        candidates = {}
        for row in ended:
            number = chains.chain[row]
            track = holder[number]
            if track is None:
                continue
            holder[number] = None
            self._follower.follow(track, chains.stop[number])
            self._loose.append(track)
            if track.seen == frame - 1:
                candidates[track] = chains.candidates.get(row, [])
        return candidates
