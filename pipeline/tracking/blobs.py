"""Detections that are not one animal: several animals in one blob, one animal in several."""

from collections.abc import Callable, Iterable
from math import hypot

from pipeline.tracking.chains import Chains
from pipeline.tracking.live import Live
from pipeline.tracking.part import Part

_SHARED = 0.2
_STILL_SHARED = 0.1
_WHOLE = 1.35
_TORN = 0.8
_LONGEST_TEAR = 5
_MARGIN = 0.1
_SLIGHT = 0.1
_NEAR = 0.6

Owner = Callable[[int], Live | None]


def shared_blob(missing: Live, chains: Chains, index: int, owner: Owner) -> int | None:
    """The row that a track without a detection shares with the row's owner, if any.

    The predicted centre of the missing one lies in the box of a detection that another track took, and that blob is
    larger than the other animal alone by a fifth of the missing one.

    Parameters
    ----------
    index
        Of the frame in :attr:`Chains.frames`.
    owner
        Gives the track that took a row.
    """
    c, x, y = chains, missing.x, missing.y
    share = (_STILL_SHARED if missing.merged else _SHARED) * missing.area
    best, nearest = None, float("inf")
    left, width, height, length = c.left, c.width, c.height, c.length
    band = c.around(index, x, (1 + _MARGIN) * c.widest[index][0])
    for row, top in zip(band, c.top[band.start : band.stop], strict=True):
        # Most are near along x by now, and few along y.
        pad = _MARGIN * length[row]
        if not (-pad <= y - top <= height[row] + pad and -pad <= x - left[row] <= width[row] + pad):
            continue
        distance = (x - c.x[row]) ** 2 + (y - c.y[row]) ** 2
        if distance < nearest and c.area[row] > share:
            other = owner(row)
            if other is not None and c.area[row] > other.area + share:
                best, nearest = row, distance
    return best


def is_shared(owner: Live, others: Iterable[Live]) -> bool:
    """Whether the owner of a blob cannot keep it for itself.

    It can where all others in it are slight, less than a tenth of it: they shift its centre by less than the centre's
    own noise, and a leg that was taken for an animal must not cost the animal its positions.
    """
    return sum(other.area for other in others) > _SLIGHT * owner.area


def pieces_of(track: Live, row: int, free: Iterable[int], chains: Chains) -> list[int]:
    """Which free rows are pieces of an animal that was matched with another row.

    A piece lies within the animal's length, the matched piece is clearly smaller than the animal, and both together are
    not larger than it. After a few frames in pieces they are two animals that parted.
    """
    c, own = chains, chains.area[row]
    if track.hits < 2 or track.merged or track.pieces >= _LONGEST_TEAR or own >= _TORN * track.area:
        return []
    return [
        piece
        for piece in free
        if hypot(c.x[piece] - track.x, c.y[piece] - track.y) < _NEAR * track.length
        and c.area[piece] + own < _WHOLE * track.area
    ]


def join(part: Part, chains: Chains, row: int, other: int) -> None:
    """Make `row` describe both pieces, in the part and in its chains."""
    numbers, into, piece = part.numbers, chains.order[row], chains.order[other]
    share = numbers["area"][piece] / (numbers["area"][into] + numbers["area"][piece])
    for name in ("x", "y"):
        numbers[name][into] += share * (numbers[name][piece] - numbers[name][into])
    for low, size in (("left", "width"), ("top", "height")):
        start = min(numbers[low][into], numbers[low][piece])
        stop = max(numbers[low][into] + numbers[size][into], numbers[low][piece] + numbers[size][piece])
        numbers[low][into], numbers[size][into] = start, stop - start
    numbers["area"][into] += numbers["area"][piece]
    numbers["length"][into] = hypot(numbers["width"][into], numbers["height"][into])
    for name in ("x", "y", "left", "top", "width", "height", "area", "length"):
        getattr(chains, name)[row] = float(numbers[name][into])
