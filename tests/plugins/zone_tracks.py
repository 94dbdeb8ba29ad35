"""Tracks written as text, one letter per sample, so that statistics can be counted by eye.

`A` and `B` lie in the middle of those zones, `a` 0.1 m beyond A's border, `.` far from both, `?` is not seen.
Which samples are interpolated is given by a second text.
"""

import numpy as np

from pipeline.api import Zone
from plugins.zones.job import ZoneParameters
from plugins.zones.run import Analysis, Animal

A = Zone(name="A", polygon=[(0, 0), (1, 0), (1, 1), (0, 1)])
B = Zone(name="B", polygon=[(4, 0), (5, 0), (5, 1), (4, 1)])
PLACES = {"A": 0.5, "a": 1.1, ".": 2.5, "B": 4.5, "?": np.nan}


def analysis(n: int, zones: tuple[Zone, ...] = (A, B), fps: float = 1.0, **choices: object) -> Analysis:
    """The definitions for a recording of n samples."""
    return Analysis(zones, np.arange(n + 1) / fps, ZoneParameters.model_validate(choices))


def positions(track: str) -> np.ndarray:
    """(N, 3), m."""
    x = np.array([PLACES[letter] for letter in track])
    return np.column_stack([x, np.where(np.isnan(x), np.nan, 0.5), np.where(np.isnan(x), np.nan, 0.0)])


def judged(analysis: Analysis, track: str, interpolated: str = "") -> Animal:
    """One animal; `interpolated` has an `i` under each interpolated sample."""
    flags = np.array([letter == "i" for letter in interpolated.ljust(len(track))])
    return analysis.animal("fish", positions(track), flags)
