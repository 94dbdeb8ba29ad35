"""One window of frames, from tracklets of all cameras to paths; and its animals matched with those before."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.reconstruction.affinity import encounters, evidence, noise_px
from pipeline.reconstruction.chaining import GATE, Motion, Tracks, chain, junction, pieces
from pipeline.reconstruction.clustering import cluster
from pipeline.reconstruction.observations import Integers, Observations
from pipeline.reconstruction.paths import Precision, Rows, reassigned, rejected_runs, triangulated, without_spikes
from pipeline.reconstruction.splitting import cut, split_at_contradictions
from pipeline.types import Arena, CameraGroup

_DEFAULT_NOISE_PX = 2.0
_JOIN = 1.5
"""Evidence that two groups are one animal: with less, chance would do."""


@dataclass(frozen=True)
class Task:
    """What is the same for all windows of a recording; times already in frames where the name says so."""

    cameras: CameraGroup
    arena: Arena | None
    animals: int | None
    fps: float
    noise_px: float | None
    gate: float
    link_s: float
    minimum_s: float
    short_gap: int


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved window.

    Parameters
    ----------
    seen
        The observations, cut into the pieces that were matched.
    path
        (N,) animal of each observation, -1 for none.
    rows
        Points of the animals.
    sigma_px
        The noise that was measured or given.
    pieces, matched
        How many pieces of tracks there were, and how many belong to an animal.
    cuts
        How many times tracklets were cut.
    dropped
        Paths left out because the number of animals is known.
    """

    seen: Observations
    path: Integers
    rows: Rows
    sigma_px: float
    pieces: int
    matched: int
    cuts: int
    dropped: int


def solve(task: Task, seen: Observations, usual_noise_px: float | None = None) -> Solution:
    """Match the tracklets of a window as wholes, cut those that contradict, chain, triangulate."""
    met = encounters(task.cameras, seen, task.arena)
    sigma = task.noise_px or noise_px(seen, met)
    if not np.isfinite(sigma):
        sigma = usual_noise_px or _DEFAULT_NOISE_PX
    precision = Precision(sigma, task.gate)
    told = evidence(met, sigma)
    correlated = max(2.0, 0.25 * task.fps)
    tracklets = seen.n_pieces
    seen = split_at_contradictions(seen, met, told, 3 * correlated * _JOIN * 2)
    group = cluster(seen, met, told, correlated, _JOIN)
    rows, used = triangulated(task.cameras, seen, group[seen.piece], precision, task.arena)
    cuts = rejected_runs(seen, group[seen.piece], used, shortest=max(5, round(0.25 * task.fps)))
    if cuts:
        seen = cut(seen, cuts)
        group = cluster(seen, met, told, correlated, _JOIN)
        rows, used = triangulated(task.cameras, seen, group[seen.piece], precision, task.arena)
    motion, tracks = Motion.of(rows, task.fps), _tracks_at_ends(seen, group[seen.piece], used)
    animal, dropped = chain(rows, motion, task.animals, task.link_s, task.minimum_s, tracks)
    animal = np.append(animal, np.full(max(0, int(group.max(initial=-1)) + 1 - len(animal)), -1))
    path = _without_conflicts(seen, animal[group[seen.piece]], used)
    for _ in range(2):
        rows, used = triangulated(task.cameras, seen, path, precision, task.arena)
        path = reassigned(task.cameras, seen, path, used, rows, precision, task.short_gap)
    rows, used = triangulated(task.cameras, seen, path, precision, task.arena)
    rows = without_spikes(rows, max(2, round(0.15 * task.fps)))
    matched = len(np.unique(seen.piece[used]))
    return Solution(seen, path, rows, sigma, seen.n_pieces, matched, seen.n_pieces - tracklets, dropped)


def _tracks_at_ends(seen: Observations, path: Integers, used: NDArray[np.bool_]) -> Tracks:
    """Per path, the tracks of all cameras to which its first and its last used observations belong."""
    rows = np.flatnonzero(used)
    rows = rows[np.lexsort((seen.frame[rows], seen.camera[rows], path[rows]))]
    change = np.flatnonzero((np.diff(path[rows]) != 0) | (np.diff(seen.camera[rows]) != 0))
    found: dict[int, tuple[set[tuple[int, int]], set[tuple[int, int]]]] = {}
    for side, ends in enumerate((np.append(0, change + 1), np.append(change, len(rows) - 1))):
        for row in rows[ends] if len(rows) else []:
            entry = found.setdefault(int(path[row]), (set(), set()))
            entry[side].add((int(seen.camera[row]), int(seen.track[row])))
    return {number: (frozenset(begins), frozenset(ends)) for number, (begins, ends) in found.items()}


def _without_conflicts(seen: Observations, path: Integers, used: NDArray[np.bool_]) -> Integers:
    """At most one observation per animal, camera and frame: groups joined by motion may both have a piece there."""
    order = np.lexsort((~used, seen.frame, seen.camera, path))
    keys = np.stack([path, seen.camera, seen.frame])[:, order]
    repeated = np.concatenate([[False], (np.diff(keys, axis=1) == 0).all(axis=0)]) if len(path) else order > 0
    single = path.copy()
    single[order[repeated]] = -1
    return single


@dataclass
class Succession:
    """Names the animals of window after window, so that an animal keeps its number through the recording.

    Two windows overlap; an animal of the new one continues the one with which it shares most observations there, and
    where it shares none, the one whose last motion it continues. With a known number of animals, what is left over on
    both sides is paired too.
    """

    task: Task
    _keys: dict[tuple[int, int, int], int] = field(default_factory=dict)
    _last: dict[int, Rows] = field(default_factory=dict)
    _count: int = 0

    def named(self, solution: Solution) -> Integers:
        """(P,) number of each of the window's paths, in order of appearance over the recording; -1: not an animal."""
        rows, seen = solution.rows, solution.seen
        parts = rows.slices()
        numbers = np.full(int(solution.path.max(initial=-1)) + 1, -1)
        shared = np.zeros((len(numbers), self._count))
        for camera, tracklet, frame, path in zip(
            seen.camera.tolist(), seen.tracklet.tolist(), seen.frame.tolist(), solution.path.tolist(), strict=True
        ):
            if path >= 0 and (known := self._keys.get((camera, tracklet, frame), -1)) >= 0:
                shared[path, known] += 1
        best = np.stack(linear_sum_assignment(shared, maximize=True), axis=1)
        for path, known in best[shared[best[:, 0], best[:, 1]] > 0]:
            numbers[path] = known
        self._by_motion(rows, parts, numbers)
        for path, _ in sorted(parts.items(), key=lambda part: int(rows.frame[part[1]][0])):
            if numbers[path] < 0 and (self.task.animals is None or self._count < self.task.animals):
                numbers[path] = self._count
                self._count += 1
        return numbers

    def _by_motion(self, rows: Rows, parts: dict[int, slice], numbers: Integers) -> None:
        """Pair the paths without a number with the animals that none has continued."""
        task = self.task
        new = [path for path in parts if numbers[path] < 0]
        old = [known for known in self._last if known not in set(numbers.tolist())]
        if not new or not old:
            return
        motion = Motion.of(rows, task.fps)
        present = pieces(rows, task.fps)
        cost = np.full((len(new), len(old)), 1e6)
        for j, known in enumerate(old):
            past = pieces(self._last[known], task.fps)[known]
            for i, path in enumerate(new):
                later = present[path]
                if later.frame[0] > past.frame[-1]:
                    met = junction(past, later, motion)
                    if task.animals is not None or (met.gap_s <= task.link_s and met.misfit < GATE):
                        cost[i, j] = met.cost
        for row, column in zip(*(side.tolist() for side in linear_sum_assignment(cost)), strict=True):
            if cost[row, column] < 1e6:
                numbers[new[row]] = old[column]

    def remember(self, solution: Solution, numbers: Integers, rows: Rows, overlap_from: int) -> None:
        """Keep what the next window needs: the observations it shares, and each animal's last points."""
        seen, path = solution.seen, solution.path
        late = np.flatnonzero((seen.frame >= overlap_from) & (path >= 0))
        self._keys = {
            (int(seen.camera[row]), int(seen.tracklet[row]), int(seen.frame[row])): int(numbers[path[row]])
            for row in late
        }
        for number, part in rows.slices().items():
            self._last[number] = rows.take(np.arange(part.start, part.stop)[-20:])
