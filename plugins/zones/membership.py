"""From an animal's positions to the zones that hold it, sample by sample.

Everything here is a mask over the samples of the whole recording, so that a sample which has no position is visible
as lost and never falls out of the denominator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.api import Zone, volume
from plugins.zones.job import ZoneParameters

Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_IN, _OUT, _AS_BEFORE = 1, 0, -1
ROUNDING = 1e-9
"""Durations within this share of each other are equal: 2 s are not shorter than the sum of fifty times 0.04 s."""


@dataclass(frozen=True, eq=False)
class Membership:
    """Where one animal is, at each of the N samples of a recording.

    Parameters
    ----------
    zones
        (Z, N) True where the zone holds the animal.
    lost
        (N,) not seen, and not for so short a time that it keeps its zone.
    seen
        (N,) its position is known (interpolated ones too, where they are used).
    interpolated
        (N,) its position is known from its neighbours in time.
    """

    zones: Booleans
    lost: Booleans
    seen: Booleans
    interpolated: Booleans

    @property
    def outside(self) -> Booleans:
        """(N,) in no zone, and not lost."""
        return ~(self.zones.any(axis=0) | self.lost)

    @property
    def held(self) -> Booleans:
        """(N,) not seen, but for so short a time that it keeps its zone."""
        return ~(self.seen | self.lost)


def membership(
    xyz: Floats, interpolated: Booleans, edges: Floats, zones: Sequence[Zone], parameters: ZoneParameters
) -> Membership:
    """Apply the definitions to one animal.

    In this order: gaps (held or lost), each zone with its exit threshold, minimum bout, priority of exclusive zones,
    minimum bout again (priority may have cut a visit short). What a dropped bout leaves belongs to the other zones
    that hold the animal, or to `outside`.

    Parameters
    ----------
    xyz
        (N, 3) position at each sample; x and y NaN where the animal was not seen, z NaN in planar mode too.
    interpolated
        (N,) positions that were interpolated.
    edges
        (N + 1,) times, s: sample k stands for [edges[k], edges[k + 1]).
    """
    seen: Booleans = np.isfinite(xyz[:, 0]) & np.isfinite(xyz[:, 1])
    if not parameters.use_interpolated:
        seen &= ~interpolated
    lost = _lost(seen, edges, parameters)
    inside = np.zeros((len(zones), len(seen)), np.bool_)
    for row, zone in zip(inside, zones, strict=True):
        row[:] = _with_threshold(zone, xyz, seen, lost, parameters.exit_threshold)
        _drop_short(row, edges, parameters.minimum_bout_s)
    _by_priority(inside, zones)
    for row, zone in zip(inside, zones, strict=True):
        if zone.priority is not None:
            _drop_short(row, edges, parameters.minimum_bout_s)
    return Membership(inside, lost, seen, seen & interpolated)


def runs(mask: Booleans) -> tuple[Integers, Integers]:
    """First samples of the runs of True, and the samples after their last."""
    steps = np.diff(mask.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _lost(seen: Booleans, edges: Floats, parameters: ZoneParameters) -> Booleans:
    """Gaps too long to be held. A gap before the first sight has no zone to keep, however short it is."""
    starts, stops = runs(~seen)
    if parameters.hold_gap_s is None:
        held = stops - starts <= parameters.hold_gap
    else:
        held = (edges[stops] - edges[starts]) * (1 - ROUNDING) <= parameters.hold_gap_s
    held &= starts > 0
    lost = ~seen
    _clear(lost, stops - starts, held)
    return lost


def _with_threshold(zone: Zone, xyz: Floats, seen: Booleans, lost: Booleans, threshold: float) -> Booleans:
    """In from the border inwards, out beyond the threshold, as before in between and over held gaps.

    After a loss nothing is remembered: an animal found again in the band between border and threshold is out.
    """
    code = np.full(len(seen), _AS_BEFORE, np.int8)
    points = xyz[seen]
    code[seen] = volume.contains(zone, points)
    if threshold > 0:
        near = (code[seen] == _OUT) & (volume.signed_distance(zone, points) <= threshold)
        code[np.flatnonzero(seen)[near]] = _AS_BEFORE
    code[lost] = _OUT
    known = np.where(code == _AS_BEFORE, 0, np.arange(len(code)))
    return code[np.maximum.accumulate(known)] == _IN


def _drop_short(mask: Booleans, edges: Floats, minimum_s: float) -> None:
    if minimum_s > 0:
        starts, stops = runs(mask)
        _clear(mask, stops - starts, (edges[stops] - edges[starts]) < minimum_s * (1 - ROUNDING))


def _clear(mask: Booleans, lengths: Integers, dropped: Booleans) -> None:
    """Set the runs of a mask that are `dropped` to False."""
    if dropped.any():
        mask[np.flatnonzero(mask)[np.repeat(dropped, lengths)]] = False


def _by_priority(inside: Booleans, zones: Sequence[Zone]) -> None:
    """Among zones with a priority only the one with the lowest number keeps the animal (ties: the first listed)."""
    exclusive = [index for index, zone in enumerate(zones) if zone.priority is not None]
    taken = np.zeros(inside.shape[1], bool)
    for index in sorted(exclusive, key=lambda index: zones[index].priority or 0):
        inside[index] &= ~taken
        taken |= inside[index]
