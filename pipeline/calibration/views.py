"""Views of the board: found in the films, then a choice of those that differ and that several cameras share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.calibration.boards import find_board, symmetries
from pipeline.calibration.films import Film
from pipeline.jobs import Fanout
from pipeline.types import Board

Floats = NDArray[np.float64]
_PIECE = 40
"""Images per unit of parallel work."""
_FEW = 30
"""With fewer views than this a camera's images are looked at again."""
_AGAIN = 120
"""Images per camera that are looked at again at most."""
_CELLS = 6
"""Cells per side of the grid on which the spread of the corners is judged."""


@dataclass(frozen=True, eq=False)
class View:
    """One camera's sight of the board.

    Parameters
    ----------
    moment
        Time common to all cameras (see :class:`Film`).
    pixels
        (N, 2) px in the order of the board's corners; NaN where not seen.
    """

    camera: str
    moment: int
    pixels: Floats


@dataclass(frozen=True)
class Piece:
    """A stretch of one film, as a unit of parallel work."""

    film: Film
    moments: Sequence[int]
    board: Board
    thorough: bool = False


def search(piece: Piece) -> list[View]:
    """Every view of the board in a stretch of film."""
    found = []
    for moment, image in piece.film.images(piece.moments):
        pixels = find_board(image, piece.board, thorough=piece.thorough)
        if pixels is not None:
            found.append(View(piece.film.camera, moment, pixels))
    return found


def search_films(
    films: list[Film],
    board: Board,
    step: int,
    fanout: Fanout,
    progress: Callable[[int, int], None],
) -> dict[str, list[View]]:
    """Every view of the board in all films, by camera and in the order of time; stretches run in parallel.

    Every `step`-th moment is looked at, and always the one at which the board lies on the floor. Where that gives few
    views, part of the images are looked at again, more thoroughly.
    """
    moments = {film.camera: looked_at(film, board, step) for film in films}
    views = _searched(films, moments, board, False, fanout, progress)
    poor = [film for film in films if len(views[film.camera]) < _FEW]
    for film in poor:
        seen = {view.moment for view in views[film.camera]}
        missed = [moment for moment in moments[film.camera] if moment not in seen]
        moments[film.camera] = missed[:: max(1, -(-len(missed) // _AGAIN))]
    for camera, found in _searched(poor, moments, board, True, fanout, progress).items():
        views[camera] += found
    return {camera: sorted(found, key=lambda view: view.moment) for camera, found in views.items()}


def _searched(
    films: list[Film],
    moments: dict[str, list[int]],
    board: Board,
    thorough: bool,
    fanout: Fanout,
    progress: Callable[[int, int], None],
) -> dict[str, list[View]]:
    views: dict[str, list[View]] = {film.camera: [] for film in films}
    pieces = [
        Piece(film, moments[film.camera][start : start + _PIECE], board, thorough)
        for film in films
        for start in range(0, len(moments[film.camera]), _PIECE)
    ]
    for done, (index, found) in enumerate(fanout.map(search, pieces), start=1):
        views[pieces[index].film.camera] += found
        progress(done, len(pieces))
    return views


def looked_at(film: Film, board: Board, step: int) -> list[int]:
    """The moments of a film in which the board is looked for."""
    moments = list(film.moments(step))
    if board.floor_frame is not None and board.floor_frame in film.moments():
        moments = sorted({*moments, board.floor_frame})
    return moments


def choose_views(
    views: dict[str, list[View]], sizes: dict[str, tuple[int, int]], board: Board, maximum: int, minimum_step: float
) -> tuple[dict[str, list[View]], list[View]]:
    """Choose moments whose views differ, cover the images and are shared by cameras that share few so far.

    Greedy: the moment of the greatest gain comes next, until every camera has its fill or nothing new is left. The gain
    of a view is its distance to the nearest chosen view of the camera plus the share of image cells it covers anew; a
    pair of cameras adds less the more views it already shares.

    Parameters
    ----------
    maximum
        Views per camera.
    minimum_step
        Mean displacement of the corners, as a share of the image's diagonal, below which a view is a near-duplicate.

    Returns
    -------
    The chosen views per camera in the order of time, and the near-duplicates.
    """
    moments = sorted({view.moment for found in views.values() for view in found})
    row = {moment: number for number, moment in enumerate(moments)}
    candidates = {
        camera: _Candidates.of(found, [row[view.moment] for view in found], sizes[camera], board, len(moments))
        for camera, found in views.items()
        if found
    }
    shared = {(a, b): 0 for a in candidates for b in candidates if a < b}
    chosen: dict[str, list[int]] = {camera: [] for camera in views}
    open_rows = np.ones(len(moments), bool)
    while open_rows.any():
        gain, useful = np.zeros(len(moments)), np.zeros(len(moments), bool)
        new = {}
        for camera, candidate in candidates.items():
            new[camera] = candidate.present & (candidate.distance > minimum_step)
            if len(chosen[camera]) < maximum:
                gain += np.where(new[camera], candidate.gain(), 0.0)
                useful |= new[camera]
        for (a, b), count in shared.items():
            both = candidates[a].present & candidates[b].present & (new[a] | new[b])
            gain += np.where(both, 1.0 / (1 + count), 0.0)
        gain[~(open_rows & useful)] = -1.0
        if board.floor_frame in row and open_rows[row[board.floor_frame]]:
            gain[row[board.floor_frame]] = np.inf
        best = int(gain.argmax())
        if gain[best] < 0:
            break
        open_rows[best] = False
        taking = [
            camera
            for camera, candidate in candidates.items()
            if candidate.present[best] and len(chosen[camera]) < maximum + maximum // 2
        ]
        for camera in taking:
            chosen[camera].append(best)
            candidates[camera].take(best)
        for a, b in shared:
            shared[a, b] += a in taking and b in taking
    kept, duplicates = {}, []
    for camera, found in views.items():
        numbers = set(chosen[camera])
        kept[camera] = [view for view in found if row[view.moment] in numbers]
        if camera in candidates:
            near = candidates[camera].distance <= minimum_step
            duplicates += [view for view in found if row[view.moment] not in numbers and near[row[view.moment]]]
    return kept, duplicates


@dataclass(eq=False)
class _Candidates:
    """A camera's views on the common list of moments, and how far each is from those chosen."""

    pixels: Floats  # (moments, N, 2) in units of the image's diagonal
    present: NDArray[np.bool_]  # (moments,)
    cells: NDArray[np.bool_]  # (moments, cells)
    distance: Floats  # (moments,) to the nearest chosen view; inf while there is none
    covered: NDArray[np.bool_]  # (cells,)
    orders: list[NDArray[np.intp]]

    @classmethod
    def of(cls, found: list[View], rows: list[int], size: tuple[int, int], board: Board, moments: int) -> "_Candidates":
        corners = board.inner_corners[0] * board.inner_corners[1]
        pixels = np.full((moments, corners, 2), np.nan)
        pixels[rows] = [view.pixels for view in found]
        scaled = np.nan_to_num(pixels / size * _CELLS, nan=-1.0)
        cell = np.clip(np.floor(scaled), 0, _CELLS - 1).astype(int)
        cells = np.zeros((moments, _CELLS * _CELLS), bool)
        seen = np.isfinite(pixels[..., 0])
        moment = np.nonzero(seen)[0]
        cells[moment, cell[seen][:, 1] * _CELLS + cell[seen][:, 0]] = True
        present = np.zeros(moments, bool)
        present[rows] = True
        orders = [order for order, _ in symmetries(board)]
        return cls(
            pixels / np.hypot(*size), present, cells, np.full(moments, np.inf), np.zeros(_CELLS * _CELLS, bool), orders
        )

    def gain(self) -> Floats:
        fresh = (self.cells & ~self.covered).sum(1) / self.cells.shape[1]
        return np.minimum(self.distance, 0.3) + fresh

    def take(self, row: int) -> None:
        for order in self.orders:
            apart = np.linalg.norm(self.pixels - self.pixels[row, order], axis=2)
            known = np.isfinite(apart)
            count = known.sum(1)
            mean = np.where(known, apart, 0.0).sum(1) / np.maximum(count, 1)
            self.distance = np.where(count >= 4, np.minimum(self.distance, mean), self.distance)
        self.covered |= self.cells[row]
