"""The whole way at small size: videos in, zone tables out, compared with exact truth; then what goes stale."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.experiment import Experiment
from pipeline.jobs.state import result_state
from pipeline.registry import jobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("whole way")]


def report(experiment: Experiment) -> dict:
    path = experiment.results_folder("trial_1", "evaluation") / "report.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_cameras_are_where_they_are(finished: Experiment) -> None:
    worst = report(finished)["calibration"]["worst"]
    assert worst["focal_percent"] <= 0.3
    assert worst["centre_mm"] <= 3
    assert worst["rotation_deg"] <= 0.15


def test_every_animal_is_followed_in_space(finished: Experiment) -> None:
    found = report(finished)["trajectories"]
    assert found["mota"] >= 0.95
    assert found["switches"] <= 2
    assert found["median_error"] <= 4


def test_zone_times_are_true(finished: Experiment) -> None:
    differences = [abs(zone["difference"]) for animal in report(finished)["zones"].values() for zone in animal.values()]
    assert max(differences) <= 2


def test_a_recordings_time_is_the_recorded_rate_not_the_containers(finished: Experiment) -> None:
    table = pq.read_table(finished.trajectories_path("trial_1")).to_pandas()
    assert finished.recording("trial_1").recorded_fps == 20
    assert (abs(table["time_s"] - table["frame"] / 20) < 1e-9).all()


def test_all_is_done_until_a_zone_moves(finished: Experiment) -> None:
    stages = [stage for stage in jobs().values() if stage.stage]

    def states(experiment: Experiment) -> dict[str, str]:
        return {
            stage.name: result_state(
                experiment, stage, None if stage.scope == "experiment" else "trial_1", jobs()
            ).state
            for stage in stages
        }

    assert set(states(finished).values()) == {"done"}
    zone = finished.configuration.zone[0]
    moved = finished.configuration.model_copy(
        update={"zone": [zone.model_copy(update={"polygon": [(0, 0), (0.2, 0), (0.2, 0.2)]})]}
    )
    after = states(Experiment(Path(finished.root), moved))
    assert after.pop("zones") == "stale"
    assert set(after.values()) == {"done"}
