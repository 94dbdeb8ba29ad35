"""The world points that lie closest, by angle, to viewing rays of several cameras."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.geometry.view import Matrix, inverse_diagonal, solve

Floats = NDArray[np.float64]
_BLOCK = 2048


def intersect(
    centres: Floats, directions: Floats, sigma_rad: ArrayLike = 1.0, *, reweighted: int = 1
) -> tuple[Floats, Floats]:
    """Intersect N bundles of rays, one ray per camera that sees the point.

    The sum of squared distances from the rays is linear in the point; divided by the squared distances from the cameras
    it is the sum of squared angles, whose minimum one reweighting finds to a small part of its standard deviation. A
    fisheye's pixels subtend nearly equal angles, so this is close to the least reprojection error.

    Parameters
    ----------
    centres
        (C, 3) positions of the cameras, world, m.
    directions
        (C, N, 3) unit vectors in the world frame; NaN = not seen.
    sigma_rad
        Standard deviation of a direction (per axis), rad; anything that broadcasts to (C, N). Rays weigh by it.
    reweighted
        How often the linear problem is solved again with the distances from its solution.

    Returns
    -------
    points
        (N, 3) world, m; NaN where fewer than two rays are given or all are parallel.
    sd
        (N, 3) standard deviations, m.
    """
    count, n = directions.shape[:2]
    sigma = np.broadcast_to(np.asarray(sigma_rad, np.float64), (count, n))
    points, sd = np.empty((n, 3)), np.empty((n, 3))
    for first in range(0, n, _BLOCK):
        block = slice(first, first + _BLOCK)
        _intersect_block(centres, directions[:, block], sigma[:, block], reweighted, points[block], sd[block])
    return points, sd


def _intersect_block(
    centres: Floats, directions: Floats, sigma: Floats, reweighted: int, points: Floats, sd: Floats
) -> None:
    count, n = directions.shape[:2]
    terms = np.empty((count, 9, n))  # I - ddᵀ (xx, xy, xz, yy, yz, zz), then its product with the centre
    for term, direction, (cx, cy, cz) in zip(terms, directions, centres, strict=True):
        x, y, z = np.ascontiguousarray(direction.T)
        xx, xy, xz, yy, yz, zz, right_x, right_y, right_z = term
        np.subtract(1, x * x, out=xx)
        np.multiply(-x, y, out=xy)
        np.multiply(-x, z, out=xz)
        np.subtract(1, y * y, out=yy)
        np.multiply(-y, z, out=yz)
        np.subtract(1, z * z, out=zz)
        np.add(xx * cx, xy * cy + xz * cz, out=right_x)
        np.add(xy * cx, yy * cy + yz * cz, out=right_y)
        np.add(xz * cx, yz * cy + zz * cz, out=right_z)
    weight = 1 / np.square(sigma)
    missing = np.isnan(terms[:, 0])
    if missing.any():
        terms.transpose(0, 2, 1)[missing] = 0
        weight = np.where(missing, 0, weight)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        solution, matrix = _solved(terms, weight)
        for _ in range(reweighted):
            x, y, z = solution
            nearer = np.empty_like(weight)
            for row, share, (cx, cy, cz) in zip(nearer, weight, centres, strict=True):
                np.divide(share, np.square(x - cx) + np.square(y - cy) + np.square(z - cz), out=row)
            solution, matrix = _solved(terms, nearer)
        points[:] = np.stack(solution, axis=1)
        sd[:] = np.sqrt(np.stack(inverse_diagonal(matrix), axis=1))


def _solved(terms: Floats, weight: Floats) -> tuple[tuple[Floats, Floats, Floats], Matrix]:
    total = terms[0] * weight[0]
    for term, share in zip(terms[1:], weight[1:], strict=True):
        total += term * share
    xx, xy, xz, yy, yz, zz, x, y, z = total
    matrix = (xx, xy, xz, yy, yz, zz)
    return solve(matrix, (x, y, z)), matrix
