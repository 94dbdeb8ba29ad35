"""A track that is being followed."""

from dataclasses import dataclass

from pipeline.tracking.kalman import Motion

_SETTLED = 3


@dataclass(slots=True, eq=False, kw_only=True)
class Live(Motion):
    """A track, as it is after the last row that was taken into it.

    Parameters
    ----------
    last_x, last_y
        Where it was last seen by itself, px.
    area, length
        Of the body and of the box's diagonal, smoothed.
    orientation
        Where last seen, rad.
    seen, moved
        Last frame in which it was seen, and frame of the motion's state.
    hits
        Number of rows.
    tracklet
        Number of its tracklet.
    merged
        Whether it shares a blob with another animal.
    held
        Consecutive frames in a shared blob.
    pieces
        Consecutive frames in which it came in pieces.
    at
        Where it goes on in the sequence of chains, for a track that holds a chain.
    """

    last_x: float
    last_y: float
    area: float
    length: float
    orientation: float
    seen: int
    moved: int
    tracklet: int
    hits: int = 1
    merged: bool = False
    held: int = 0
    pieces: int = 0
    at: int = 0

    @property
    def settled(self) -> bool:
        """Whether it was seen often enough to be believed."""
        return self.hits >= _SETTLED
