import numpy as np
import pytest

from pipeline.tracking.kalman import Motion, steady


def motion(**values: float) -> Motion:
    return Motion(0, 0, 1.0, 100.0, **values)


def variances(of: Motion) -> tuple[float, float, float]:
    return of.pp, of.pv, of.vv


def test_uniform_motion_is_learnt() -> None:
    track = motion()
    for frame in range(1, 60):
        track.predict(1, 1e-8)
        track.update(3.0 * frame, -2.0 * frame, 0.01)
    assert (track.vx, track.vy) == pytest.approx((3, -2), abs=1e-2)
    track.predict(10, 1e-8)
    assert (track.x, track.y) == pytest.approx((3 * 69, -2 * 69), abs=0.2)


def test_one_update_weighs_prior_and_measurement_by_their_variances() -> None:
    track = motion()
    surprise = track.update(4.0, 8.0, 3.0)
    assert (track.x, track.y) == pytest.approx((1, 2))  # gain 1 / (1 + 3)
    assert track.pp == pytest.approx(1 * 3 / (1 + 3))
    assert surprise == pytest.approx((16 + 64) / (1 + 3))


def test_two_steps_are_one_step_of_two() -> None:
    once, twice = motion(vx=1.5, vy=0.5), motion(vx=1.5, vy=0.5)
    once.predict(2, 0.49)
    twice.predict(1, 0.49)
    twice.predict(1, 0.49)
    assert (once.x, once.y) == pytest.approx((3, 1))
    assert (twice.x, twice.y) == pytest.approx((3, 1))
    assert variances(once) == pytest.approx(variances(twice))


def test_it_is_the_textbook_filter_with_matrices_and_covariances_stay_positive() -> None:
    rng = np.random.default_rng(0)
    track = motion()
    state, covariance = np.zeros(2), np.diag([1.0, 100.0])
    for frame in range(200):
        step, (x, y) = 1 + frame % 3, rng.normal(0, 5, 2)
        track.predict(step, 0.09)
        track.update(x, y, 2.0)
        move = np.array([[1, step], [0, 1]])
        noise = 0.09 * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
        state, covariance = move @ state, move @ covariance @ move.T + noise
        gain = covariance[:, 0] / (covariance[0, 0] + 2.0)
        state = state + gain * (x - state[0])
        covariance = covariance - np.outer(gain, covariance[0])
        assert track.pp * track.vv > track.pv**2
    assert (track.x, track.vx) == pytest.approx(tuple(state))
    assert variances(track) == pytest.approx((covariance[0, 0], covariance[0, 1], covariance[1, 1]))


@pytest.mark.parametrize(("variance", "power"), [(1.0, 1e-6), (1.0, 0.25), (0.09, 400.0)])
def test_steady_variances_do_not_change_any_more(variance: float, power: float) -> None:
    settled = steady(variance, power)
    before = variances(settled)
    settled.predict(1, power)
    settled.update(0, 0, variance)
    assert variances(settled) == pytest.approx(before, rel=1e-6)
