"""From lenses to one rig in the world."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.calibration.boards import corner_points, symmetries
from pipeline.calibration.extrinsics import Pair, build_rig, connected, find_pairs
from pipeline.calibration.intrinsics import Lens, Limits
from pipeline.calibration.report import PairReport, WorldSource
from pipeline.calibration.rig import Markers, Rig, adjusted, joined
from pipeline.calibration.verdict import shared_views
from pipeline.calibration.world import align, floor_transform
from pipeline.errors import SkeinError
from pipeline.geometry.bundle import Poses
from pipeline.types import Board, Camera

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Solution:
    """What came out.

    Parameters
    ----------
    rig
        All cameras in the world; None where they do not hang together.
    pairs
        The overlap graph.
    markers
        Those that the rig's cameras show.
    used
        (K,) which of them agree with the rest.
    problems
        Sentences on what could not be done; any of them refuses the calibration.
    notes
        What was assumed.
    """

    rig: Rig | None
    pairs: tuple[PairReport, ...] = ()
    world: WorldSource | None = None
    markers: Markers | None = None
    used: NDArray[np.bool_] | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def solve(
    lenses: dict[str, Lens], known: dict[str, Camera], board: Board | None, markers: Markers, limits: Limits
) -> Solution:
    """Place the cameras in the world.

    Cameras that share views of the board form a rig; rigs that share none, and cameras whose lens was known before,
    are joined where the surveyed markers place each of them.

    Parameters
    ----------
    lenses
        Cameras with views of the board, in the order of the experiment.
    known
        Cameras without a film whose lens is known from an earlier calibration.
    """
    pairs: list[Pair] = find_pairs(lenses, board) if board else []
    reports = tuple(PairReport(first=p.first, second=p.second, shared=p.shared, agreeing=p.agreeing) for p in pairs)
    groups = connected(list(lenses), pairs)
    rigs = [build_rig(group, lenses, pairs, board, limits) for group in groups] if board else []
    nothing = Poses(np.empty((0, 3, 3)), np.empty((0, 3)))
    rigs += [Rig((camera,), (), np.empty(0, np.intp), nothing) for camera in known.values()]
    if not rigs:
        return Solution(None, reports)
    points = corner_points(board) if board else np.empty((0, 3))
    if len(markers.camera):
        return _on_markers(rigs, reports, markers, points, limits)
    if len(rigs) > 1:
        return Solution(None, reports, problems=tuple(_apart(groups, reports)))
    if board is None or board.floor_frame is None:
        return Solution(rigs[0], reports, "camera")
    transform = floor_transform(rigs[0], board.floor_frame)
    if transform is None:
        problem = f"floor_frame: no camera shows the whole board well in frame {board.floor_frame}."
        return Solution(rigs[0], reports, "camera", problems=(problem,))
    notes = ["The world is that of the board on the floor: its first corner is the origin, x runs along its columns."]
    if len(symmetries(board)) > 1:
        notes.append("The board looks the same from two sides, so that the origin may be its opposite corner.")
    return Solution(rigs[0].moved(transform), reports, "board", notes=tuple(notes))


def _on_markers(
    rigs: list[Rig], pairs: tuple[PairReport, ...], markers: Markers, points: Floats, limits: Limits
) -> Solution:
    placed: list[Rig] = []
    lost: list[Rig] = []
    problems: list[str] = []
    agreeing: dict[tuple[str, str], bool] = {}
    for rig in rigs:
        shown = markers.of(rig.cameras)
        try:
            transform, agree = align(rig.cameras, shown)
        except SkeinError as error:
            lost.append(rig)
            problems.append(f"{_listed(rig.names)}: {error}")
            continue
        placed.append(rig.moved(transform))
        agreeing |= dict(zip(zip(shown.camera, shown.name, strict=True), agree.tolist(), strict=True))
    if lost and placed:
        problems = [*_apart([list(rig.names) for rig in rigs if rig.views], pairs), *problems]
    if problems:
        whole = lost[0] if len(rigs) == 1 else None
        return Solution(whole, pairs, "camera" if whole else None, problems=tuple(problems))
    together = joined(placed)
    shown = markers.of(together.cameras)
    used = np.array([agreeing[key] for key in zip(shown.camera, shown.name, strict=True)], np.bool_)
    trusted = Markers(
        tuple(np.array(shown.camera)[used]), tuple(np.array(shown.name)[used]), shown.points[used], shown.pixels[used]
    )
    rig = adjusted(together, points, limits, trusted)
    return Solution(rig, pairs, "markers", shown, used)


def _apart(groups: list[list[str]], pairs: tuple[PairReport, ...]) -> list[str]:
    """For each group that is not connected with the largest one, the most promising pair."""
    found = []
    for group in groups[1:]:
        between = [pair for pair in pairs if (pair.first in group) != (pair.second in group)]
        best = max(between, key=lambda pair: (pair.agreeing, pair.shared), default=None)
        if best is not None:
            found.append(f"{_listed(group)} cannot be placed relative to the others: {shared_views(best)}")
    return found


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
