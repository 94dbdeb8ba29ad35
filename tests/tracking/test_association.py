import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from pipeline.tracking.association import ambiguous, assign, motion_cost


def pairs(costs: list[list[float]]) -> dict[tuple[int, int], float]:
    matrix = np.array(costs, float)
    return {(int(i), int(j)): float(matrix[i, j]) for i, j in zip(*np.nonzero(np.isfinite(matrix)), strict=True)}


def matched(match: list[int]) -> dict[int, int]:
    return {i: j for i, j in enumerate(match) if j >= 0}


INF = float("inf")


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([[1, INF], [INF, 2]], [0, 1]),
        ([[1, 2], [2, 9]], [1, 0]),  # 2 + 2 < 1 + 9
        ([[1, INF], [2, INF]], [0, -1]),
        ([[INF, INF], [5, INF]], [-1, 0]),
        ([[1, 0], [1, INF]], [1, 0]),  # both matched rather than the cheapest one
    ],
)
def test_assignment(costs: list[list[float]], expected: list[int]) -> None:
    assert assign(pairs(costs)) == matched(expected)


@given(st.lists(st.lists(st.one_of(st.just(INF), st.floats(-20, 20)), min_size=4, max_size=4), min_size=1, max_size=6))
def test_assignment_is_the_hungarian_one(costs: list[list[float]]) -> None:
    found = assign(pairs(costs))
    far = np.where(np.isfinite(costs), costs, 1e6)
    rows, columns = linear_sum_assignment(far)
    best = far[rows, columns].sum()
    assert len(set(found.values())) == len(found)
    own = sum(far[i, j] for i, j in found.items()) + 1e6 * (min(far.shape) - len(found))
    assert own == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    ("costs", "match", "expected"),
    [
        ([[0, 5], [5, 0]], [0, 1], [False, False]),  # exchanging costs 10
        ([[0, 1], [1, 0]], [0, 1], [True, True]),  # exchanging costs 2
        ([[0, 1], [INF, 0]], [0, 1], [False, False]),  # exchanging is impossible
        ([[0, INF], [1, INF]], [0, -1], [True, False]),  # another could have taken it
        ([[0, 1]], [0], [True]),  # it could have taken another
        ([[0, 4]], [0], [False]),
        ([[INF, INF]], [-1], [False]),
    ],
)
def test_ambiguity_by_a_margin_of_three(costs: list[list[float]], match: list[int], expected: list[bool]) -> None:
    unsure = ambiguous(pairs(costs), matched(match), margin=3)
    assert unsure == {i for i, is_unsure in enumerate(expected) if is_unsure}


def test_motion_cost_has_heavy_tails_and_prefers_the_certain_track() -> None:
    near, far = motion_cost(np.array([0.0, 100.0]), np.array([1.0, 1.0]))
    assert near == 0
    assert far == pytest.approx(3 * np.log(26))
    assert motion_cost(np.array([0.0]), np.array([4.0]))[0] > near
