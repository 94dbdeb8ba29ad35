"""Detections that are not one animal: several animals in one blob, one animal in several."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.association import Indices
from pipeline.tracking.part import Part

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_SHARED = 0.2
_STILL_SHARED = 0.1
_SLIGHT = 0.1
_WHOLE = 1.35
_TORN = 0.8
_LONGEST_TEAR = 5
_MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Blobs:
    """The detections of one frame, as columns: views of a part's."""

    xy: Floats
    left: Floats
    top: Floats
    width: Floats
    height: Floats
    area: Floats
    length: Floats
    orientation: Floats
    score: Floats

    def __len__(self) -> int:
        return len(self.xy)

    @classmethod
    def of(cls, part: Part, rows: slice) -> "Blobs":
        """The rows of one frame."""
        columns = part.numbers
        names = ("left", "top", "width", "height", "area", "length", "orientation", "score")
        return cls(part.xy[rows], *(columns[name][rows] for name in names))


def merged_tracks(live: NDArray, blobs: Blobs, match: Indices, hidden: Booleans) -> Booleans:
    """(N,) which tracks share a blob with another one.

    A track that may be `hidden` and has no detection, whose predicted centre lies in the box of a detection that
    another track took, is taken to be in that blob if the blob is larger than the other animal alone by a fifth of the
    missing one. `match` is changed in place: the missing one gets the shared blob too. An animal keeps the blob for
    itself where all others in it are slight, less than a tenth of it: they shift its centre by less than the centre's
    own noise, and a leg that was taken for an animal must not cost the animal its positions.
    """
    merged = np.zeros(len(live), bool)
    missing = np.flatnonzero((match < 0) & hidden)
    owners = np.flatnonzero(match >= 0)
    if not len(missing) or not len(owners):
        return merged
    j = match[owners]
    x, y = live["xy"][missing].T[:, :, None]
    pad = _MARGIN * blobs.length[j]
    inside = (x >= blobs.left[j] - pad) & (x <= blobs.left[j] + blobs.width[j] + pad)
    inside &= (y >= blobs.top[j] - pad) & (y <= blobs.top[j] + blobs.height[j] + pad)
    share = np.where(live["merged"][missing], _STILL_SHARED, _SHARED) * live["size"][:, 0][missing]
    inside &= blobs.area[j] > live["size"][:, 0][owners] + share[:, None]
    centre_x, centre_y = blobs.xy[j].T
    distance = np.where(inside, (x - centre_x) ** 2 + (y - centre_y) ** 2, np.inf)
    best = distance.argmin(axis=1)
    found = np.isfinite(distance[np.arange(len(missing)), best])
    joining, joined = missing[found], owners[best[found]]
    match[joining] = match[joined]
    area = live["size"][:, 0]
    others = np.zeros(len(live))
    np.add.at(others, joined, area[joining])
    merged[joining] = True
    merged[others > _SLIGHT * area] = True
    return merged


def join_fragments(live: NDArray, blobs: Blobs, match: Indices, owned: Booleans, part: Part, first: int) -> Booleans:
    """(M,) which free detections are pieces of an animal that has another; the row of the matched piece becomes both.

    A piece lies within the animal's length, the matched piece is clearly smaller than the animal, and both together are
    not larger than it. After a few frames in pieces they are two animals that parted.
    """
    joined = np.zeros(len(blobs), bool)
    torn = np.flatnonzero((match >= 0) & (live["hits"] >= 2) & ~live["merged"] & (live["pieces"] < _LONGEST_TEAR))
    torn = torn[blobs.area[match[torn]] < _TORN * live["size"][:, 0][torn]]
    whole = np.ones(len(live), bool)
    for i in torn:
        j = match[i]
        near = np.hypot(*(blobs.xy - live["xy"][i]).T) < 0.6 * live["size"][:, 1][i]
        fits = near & ~owned & ~joined & (blobs.area + blobs.area[j] < _WHOLE * live["size"][:, 0][i])
        for other in np.flatnonzero(fits):
            _join(part, first + int(j), first + int(other))
            joined[other] = True
            whole[i] = False
    live["pieces"] = np.where(whole, 0, live["pieces"] + 1)
    return joined


def _join(part: Part, row: int, other: int) -> None:
    """Make `row` describe both pieces; what :class:`Blobs` holds as views follows."""
    numbers = part.numbers
    share = numbers["area"][other] / (numbers["area"][row] + numbers["area"][other])
    for name in ("x", "y"):
        numbers[name][row] += share * (numbers[name][other] - numbers[name][row])
    for low, size in (("left", "width"), ("top", "height")):
        start = min(numbers[low][row], numbers[low][other])
        stop = max(numbers[low][row] + numbers[size][row], numbers[low][other] + numbers[size][other])
        numbers[low][row], numbers[size][row] = start, stop - start
    numbers["area"][row] += numbers["area"][other]
    numbers["length"][row] = np.hypot(numbers["width"][row], numbers["height"][row])
