import numpy as np
import pytest

from pipeline.tracking import kalman


def tracks(count: int = 1) -> np.ndarray:
    live = np.zeros(count, kalman.STATE)
    live["pp"], live["vv"] = 1.0, 100.0
    return live


def test_uniform_motion_is_learnt() -> None:
    live = tracks()
    for frame in range(1, 60):
        kalman.predict(live, 1, acceleration=1e-4)
        kalman.update(live, np.array([[3.0 * frame, -2.0 * frame]]), 0.01)
    np.testing.assert_allclose(live["velocity"][0], [3, -2], atol=1e-2)
    kalman.predict(live, 10, 1e-4)
    np.testing.assert_allclose(live["xy"][0], [3 * 69, -2 * 69], atol=0.2)


def test_one_update_weighs_prior_and_measurement_by_their_variances() -> None:
    live = tracks()
    kalman.update(live, np.array([[4.0, 8.0]]), 3.0)
    np.testing.assert_allclose(live["xy"][0], [1, 2])  # gain 1 / (1 + 3)
    assert live["pp"][0] == pytest.approx(1 * 3 / (1 + 3))


def test_two_steps_are_one_step_of_two() -> None:
    once, twice = tracks(), tracks()
    once["velocity"] = twice["velocity"] = (1.5, 0.5)
    kalman.predict(once, 2, 0.7)
    kalman.predict(twice, 1, 0.7)
    kalman.predict(twice, 1, 0.7)
    for name in ("xy", "velocity", "pp", "pv", "vv"):
        np.testing.assert_allclose(once[name], twice[name])


def test_tracks_do_not_influence_each_other_and_covariances_stay_positive() -> None:
    rng = np.random.default_rng(0)
    many, single = tracks(5), tracks()
    single[0] = many[2]
    for frame in range(200):
        step, measured = 1 + frame % 3, rng.normal(0, 5, (5, 2))
        kalman.predict(many, step, 0.3)
        kalman.predict(single, step, 0.3)
        kalman.update(many, measured, 2.0)
        kalman.update(single, measured[2:3], 2.0)
        assert (many["pp"] * many["vv"] > many["pv"] ** 2).all()
    assert many[2] == single[0]
