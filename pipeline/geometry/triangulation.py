"""World points from pixels in several cameras, refined by reprojection error, outlier views rejected.

Everything works on viewing rays and on the full lens model, so that a fisheye's pixels past 90° off-axis count like
any others. Points are processed in blocks that stay in the processor's cache, and each step is vectorised over the
block: there is no loop over points.

Sources: Hartley & Sturm 1997 (optimal triangulation minimises reprojection error); the choice of views is MSAC (Torr &
Zisserman 2000) over all minimal pairs instead of random samples; standard deviations are those of linearised least
squares (Hartley & Zisserman 2004, section 5.2).
"""

from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import SkeinError
from pipeline.geometry.intersection import intersect
from pipeline.geometry.projection import rays
from pipeline.geometry.view import Matrix, Vector, inverse_diagonal, solve, view
from pipeline.types import CameraGroup

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Components = TypeVar("Components", Vector, Matrix)
_BLOCK = 4096
_ITERATIONS = 12
_CONVERGED = 1e-4
"""Squared length of a step in standard deviations: below it a step changes nothing that the data could tell."""


@dataclass(frozen=True, eq=False)
class Triangulation:
    """N points in the world.

    Parameters
    ----------
    points
        (N, 3) world, m; NaN where fewer than two views are given or their rays are parallel.
    sd
        (N, 3) standard deviations of x, y, z, m, from the geometry of the used views and the pixel noise.
    reprojection_px
        (N,) root mean square of the reprojection error over the used views, px.
    n_views
        (N,) number of views used, 0 where there is no point.
    used
        (C, N) which views were used.
    errors_px
        (C, N) reprojection error of every given pixel, px; NaN where missing, inf where the lens cannot see the point.
    """

    points: Floats
    sd: Floats
    reprojection_px: Floats
    n_views: NDArray[np.int16]
    used: Bools
    errors_px: Floats


def triangulate(
    cameras: CameraGroup, pixels: Floats, *, sigma_px: ArrayLike = 1.0, gate: float | None = 4.0
) -> Triangulation:
    """Triangulate N points, each from the views in which it is given.

    Parameters
    ----------
    pixels
        (C, N, 2) px of the recorded (distorted) images, cameras in the order of the group; NaN = not seen.
    sigma_px
        Standard deviation of a pixel coordinate, px: one number, or anything that broadcasts to (C, N). Views weigh
        by it. ``sigma_px[:, None]`` gives one per camera.
    gate
        A view whose reprojection error exceeds `gate` standard deviations is an outlier if three or more views are
        given: then the pair of views that most of the others support is found, and views that contradict it are left
        out. None keeps every view. With two views nothing can be told apart: look at `reprojection_px`.

    Raises
    ------
    SkeinError
        If the shape does not fit the cameras.
    """
    pixels = np.asarray(pixels, np.float64)
    if pixels.ndim != 3 or pixels.shape[0] != len(cameras) or pixels.shape[2] != 2:
        raise SkeinError(f"Triangulation: expected pixels of shape ({len(cameras)}, N, 2), got {pixels.shape}.")
    count, n = pixels.shape[:2]
    sigma = np.broadcast_to(np.asarray(sigma_px, np.float64), (count, n))
    out = Triangulation(
        np.full((n, 3), np.nan), np.full((n, 3), np.nan), np.full(n, np.nan), np.zeros(n, np.int16),
        np.zeros((count, n), bool), np.full((count, n), np.nan),
    )  # fmt: skip
    for first in range(0, n, _BLOCK):
        block = slice(first, first + _BLOCK)
        _triangulate_block(cameras, pixels[:, block], sigma[:, block], gate, _part(out, block))
    return out


def _part(whole: Triangulation, block: slice) -> Triangulation:
    """Views into a block of the result, to be filled in place."""
    return Triangulation(
        whole.points[block], whole.sd[block], whole.reprojection_px[block], whole.n_views[block],
        whole.used[:, block], whole.errors_px[:, block],
    )  # fmt: skip


def _triangulate_block(
    cameras: CameraGroup, pixels: Floats, sigma: Floats, gate: float | None, out: Triangulation
) -> None:
    problem = _Problem.of(cameras, pixels, sigma)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        used = problem.given & (problem.given.sum(axis=0) >= 2)
        x = problem.refined(problem.start(used), used)
        errors = problem.errors(x)
        if gate is not None:
            doubtful = np.flatnonzero((used.sum(axis=0) >= 3) & (np.where(used, errors, 0) > gate * sigma).any(axis=0))
            if len(doubtful):
                part = problem.subset(doubtful)
                used[:, doubtful], x[:, doubtful] = part.consensus(gate)
                errors[:, doubtful] = part.errors(x[:, doubtful])
        hessian, _, _ = problem.normal_equations(x, used)
        sd = np.sqrt(np.stack(inverse_diagonal(hessian)))
        bad = ~(np.isfinite(x).all(axis=0) & np.isfinite(sd).all(axis=0))
        used[:, bad] = False
        x[:, bad], sd[:, bad], errors[:, bad] = np.nan, np.nan, np.nan
        views = used.sum(axis=0)
        squares = np.where(used, errors, 0) ** 2
        out.points[:], out.sd[:], out.used[:], out.errors_px[:] = x.T, sd.T, used, errors
        out.n_views[:] = views
        out.reprojection_px[:] = np.sqrt(squares.sum(axis=0) / np.where(views > 0, views, np.nan))


@dataclass(frozen=True, eq=False)
class _Problem:
    """A block of points: pixels (C, n, 2), rays (C, n, 3), sigma and given (C, n)."""

    cameras: CameraGroup
    pixels: Floats
    sigma: Floats
    directions: Floats
    given: Bools

    @classmethod
    def of(cls, cameras: CameraGroup, pixels: Floats, sigma: Floats) -> "_Problem":
        directions = np.stack([rays(camera, seen) for camera, seen in zip(cameras, pixels, strict=True)])
        given = np.isfinite(directions).all(axis=2) & (sigma > 0) & np.isfinite(sigma)
        return cls(cameras, pixels, sigma, directions, given)

    def subset(self, chosen: NDArray[np.intp]) -> "_Problem":
        return _Problem(
            self.cameras, self.pixels[:, chosen], self.sigma[:, chosen], self.directions[:, chosen],
            self.given[:, chosen],
        )  # fmt: skip

    def start(self, used: Bools) -> Floats:
        """(3, n) points of least squared angle from the used rays."""
        centres = np.stack([camera.centre for camera in self.cameras])
        directions = np.where(used[:, :, None], self.directions, np.nan)
        return intersect(centres, directions, self.sigma)[0].T

    def normal_equations(self, x: Floats, used: Bools) -> tuple[Matrix, Vector, Floats]:
        """JᵀWJ (6 × (n,)), JᵀWr (3 × (n,)) and the cost (n,) of the reprojection error in standard deviations."""
        n = x.shape[1]
        hessian = [np.zeros(n) for _ in range(6)]
        gradient = [np.zeros(n) for _ in range(3)]
        cost = np.zeros(n)
        for camera, pixel, sigma, mask in zip(self.cameras, self.pixels, self.sigma, used, strict=True):
            u, v, ju, jv = view(camera, x)
            weight = np.where(mask, 1 / (sigma * sigma), 0)
            ru, rv = pixel[:, 0] - u, pixel[:, 1] - v
            blind = mask & ~np.isfinite(u + v)
            cost += np.where(mask, weight * (ru * ru + rv * rv), 0)
            cost[blind] = np.inf
            silent = ~mask | blind
            for jacobian, residual in ((ju, ru), (jv, rv)):
                jx, jy, jz = (np.where(silent, 0, part) for part in jacobian)
                residual = np.where(silent, 0, residual) * weight
                wx, wy, wz = weight * jx, weight * jy, weight * jz
                for total, term in zip(hessian, (wx * jx, wx * jy, wx * jz, wy * jy, wy * jz, wz * jz), strict=True):
                    total += term
                for total, part in zip(gradient, (jx, jy, jz), strict=True):
                    total += residual * part
        return tuple(hessian), tuple(gradient), cost  # type: ignore[return-value]

    def refined(self, x: Floats, used: Bools) -> Floats:
        """Levenberg-Marquardt on the reprojection error, damped per point; a step that makes it worse is undone."""
        x = x.copy()
        damping = np.zeros(x.shape[1])
        active = np.flatnonzero(np.isfinite(x).all(axis=0))
        problem, mask = self, used
        hessian, gradient, cost = self.normal_equations(x, used)
        if len(active) < x.shape[1]:
            problem, mask = self.subset(active), used[:, active]
            hessian, gradient, cost = _taken(hessian, active), _taken(gradient, active), cost[active]
        for _ in range(_ITERATIONS):
            if not len(active):
                break
            xx, xy, xz, yy, yz, zz = hessian
            grown = 1 + damping[active]
            step = solve((xx * grown, xy, xz, yy * grown, yz, zz * grown), gradient)
            length = step[0] * gradient[0] + step[1] * gradient[1] + step[2] * gradient[2]
            moved = x[:, active] + np.stack(step)
            new_hessian, new_gradient, new_cost = problem.normal_equations(moved, mask)
            better = new_cost <= cost
            x[:, active[better]] = moved[:, better]
            damping[active] = np.where(better, damping[active] / 10, np.maximum(1e-3, damping[active] * 10))
            more = np.flatnonzero((length > _CONVERGED) | ~better)
            hessian = tuple(np.where(better, new, old)[more] for new, old in zip(new_hessian, hessian, strict=True))  # type: ignore[assignment]
            gradient = tuple(np.where(better, new, old)[more] for new, old in zip(new_gradient, gradient, strict=True))  # type: ignore[assignment]
            cost = np.where(better, new_cost, cost)[more]
            if len(more) < len(active):
                active, mask, problem = active[more], mask[:, more], problem.subset(more)
        return x

    def errors(self, x: Floats) -> Floats:
        """(C, n) reprojection error of every given view, px; inf where the camera cannot see the point."""
        found = np.full(self.given.shape, np.nan)
        for row, camera, pixel, given in zip(found, self.cameras, self.pixels, self.given, strict=True):
            u, v, _, _ = view(camera, x, jacobian=False)
            distance = np.hypot(pixel[:, 0] - u, pixel[:, 1] - v)
            row[given] = np.where(np.isfinite(distance), distance, np.inf)[given]
        return found

    def consensus(self, gate: float) -> tuple[Bools, Floats]:
        """The views that agree with the best pair, (C, n), and the points from them, (3, n)."""
        n = self.given.shape[1]
        best_cost, best = np.full(n, np.inf), np.full((3, n), np.nan)
        for pair in combinations(range(len(self.cameras)), 2):
            both = np.flatnonzero(self.given[list(pair)].all(axis=0))
            if not len(both):
                continue
            part = self.subset(both)
            mask = np.zeros_like(part.given)
            mask[list(pair)] = True
            x = part.refined(part.start(mask), mask)
            scaled = np.minimum(part.errors(x) / part.sigma, gate) ** 2
            cost = np.where(part.given, scaled, 0).sum(axis=0)
            won = (cost < best_cost[both]) & np.isfinite(x).all(axis=0)
            best_cost[both[won]], best[:, both[won]] = cost[won], x[:, won]
        used = self.given & (self.errors(best) <= gate * self.sigma)
        used &= used.sum(axis=0) >= 2
        return used, self.refined(np.where(used.any(axis=0), best, np.nan), used)


def _taken(arrays: Components, chosen: NDArray[np.intp]) -> Components:
    return tuple(array[chosen] for array in arrays)  # type: ignore[return-value]
