import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from pipeline.tracking.association import Pairs, ambiguous, assign, motion_cost


def pairs(costs: list[list[float]]) -> Pairs:
    matrix = np.array(costs, float)
    track, detection = np.nonzero(np.isfinite(matrix))
    return Pairs(track, detection, matrix[track, detection], matrix.shape)


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
    assert assign(pairs(costs)).tolist() == expected


@given(st.lists(st.lists(st.one_of(st.just(INF), st.floats(-20, 20)), min_size=4, max_size=4), min_size=1, max_size=6))
def test_assignment_is_the_hungarian_one(costs: list[list[float]]) -> None:
    found = assign(pairs(costs))
    far = np.where(np.isfinite(costs), costs, 1e6)
    rows, columns = linear_sum_assignment(far)
    best = far[rows, columns].sum()
    taken = np.flatnonzero(found >= 0)
    assert len(set(found[taken])) == len(taken)
    own = far[taken, found[taken]].sum() + 1e6 * (min(far.shape) - len(taken))
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
    assert ambiguous(pairs(costs), np.array(match), margin=3).tolist() == expected


def test_motion_cost_has_heavy_tails_and_prefers_the_certain_track() -> None:
    near, far = motion_cost(np.array([0.0, 100.0]), np.array([1.0, 1.0]))
    assert near == 0
    assert far == pytest.approx(3 * np.log(26))
    assert motion_cost(np.array([0.0]), np.array([4.0]))[0] > near
