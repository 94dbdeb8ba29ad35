"""Speed and memory, measured against named peers in one run. `make bench` runs all and writes RESULTS.md."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Parameters
    ----------
    name
        What was measured, with its size: ``triangulation, 360,000 points, 4 cameras``.
    value
        The median.
    unit
        ``×`` for a ratio against `peer` (above 1 = Skein is better), else ``frames/s``, ``MiB`` …
    spread
        (lowest, highest) over the repetitions.
    peer
        Name and version of what it is compared with; empty where there is none.
    target
        The figure to reach, in words, e.g. ``≥ 5``; empty where there is none.
    note
        One sentence: what the reader must know.
    """

    name: str
    value: float
    unit: str
    spread: tuple[float, float] | None = None
    peer: str = ""
    target: str = ""
    note: str = ""


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = perf_counter()
    function()
    return perf_counter() - start


def compared(name: str, ours: Callable[[], object], theirs: Callable[[], object], repeats: int = 5, **row: str) -> Row:
    """How many times faster `ours` is than `theirs`: the two alternate, so that a busy machine hurts both alike."""
    ours(), theirs()  # warm caches, compile
    ratios = []
    for _ in range(repeats):
        own = seconds(ours)
        ratios.append(seconds(theirs) / own)
    return Row(name, median(ratios), "×", (min(ratios), max(ratios)), **row)
