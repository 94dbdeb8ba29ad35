"""The declaration of `skein track`."""

from typing import Literal

from pydantic import field_validator

from pipeline.experiment import Experiment
from pipeline.files import data_fingerprint
from pipeline.jobs.declaration import Job, Parameters, parameter

_TIME = {"recorded_fps", "stride", "timestamps", "start_at_s", "duration_s"}


class Track(Parameters):
    """Parameters of `track`."""

    mode: Literal["motion", "overlap"] = parameter(
        "motion",
        "'motion' foretells where each animal goes; 'overlap' is the classic linking of consecutive frames by "
        "distance, for comparison with earlier work.",
    )
    max_speed: float | None = parameter(
        None, "Top speed of an animal, used where the cameras are calibrated; empty: measured from the detections.",
        unit="m/s", minimum=0.001, maximum=100,
    )  # fmt: skip
    max_gap_s: float = parameter(
        2.0, "Longest time unseen after which pieces are joined (no limit for a known number of animals).", unit="s",
        minimum=0, maximum=600,
    )  # fmt: skip
    fill_gap_s: float = parameter(
        1.0, "Gaps up to this long are filled with a straight line, flagged as interpolated.", unit="s", minimum=0,
        maximum=60,
    )  # fmt: skip
    min_detections: int = parameter(
        5, "Tracks with fewer detections are dropped as false finds.", unit="detections", minimum=1, maximum=10000
    )
    high_score: float = parameter(
        0.5, "Detections at or above this score start tracks and are matched first; lower ones only continue tracks.",
        minimum=0, maximum=1, advanced=True,
    )  # fmt: skip
    patience_s: float = parameter(
        0.6, "How long an unseen animal is looked for where its motion foretells it.", unit="s", minimum=0, maximum=30,
        advanced=True,
    )  # fmt: skip
    certainty: float = parameter(
        0.98, "A tracklet ends where the probability of the right match, against the next best, is lower than this.",
        minimum=0.5, maximum=0.999999, advanced=True,
    )  # fmt: skip
    min_overlap: float = parameter(
        0.75, "Mode overlap: masks that share more than this part of the smaller one are one animal.", minimum=0,
        maximum=1, advanced=True,
    )  # fmt: skip
    max_merge_dist: float = parameter(
        100.0, "Mode overlap: centroids this far apart or more are not linked.", unit="px", minimum=0, advanced=True
    )
    passes: list[tuple[int, float, int]] = parameter(
        [(10, 20.0, 1), (30, 20.0, 1), (60, 100.0, 2), (60, 100.0, 5)],
        "Mode overlap: stitching passes [longest gap in frames, largest distance in px, size up to which tracks are "
        "dropped].",
        advanced=True,
    )

    @field_validator("passes")
    @classmethod
    def _possible(cls, passes: list[tuple[int, float, int]]) -> list[tuple[int, float, int]]:
        for gap, distance, size in passes:
            if gap < 1 or distance <= 0 or size < 0:
                raise ValueError(f"expected a gap ≥ 1, a distance > 0 and a size ≥ 0, got [{gap}, {distance}, {size}]")
        return passes


def inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """What of the configuration shapes the tracks, beside detections and calibration."""
    assert recording is not None
    entry, arena = experiment.recording(recording), experiment.configuration.arena
    return {
        "animals": data_fingerprint(experiment.animals(recording)),
        "arena": data_fingerprint(arena.model_dump(mode="json") if arena else None),
        "time": data_fingerprint(entry.model_dump(mode="json", include=_TIME)),
        "cameras": data_fingerprint(sorted(entry.videos)),
    }


JOB = Job(
    name="track",
    title="Track",
    help="Join detections into tracks, camera by camera.",
    parameters=Track,
    run="pipeline.tracking.run:run",
    entry="pipeline.tracking.job:JOB",
    scope="recording",
    requires=("segment",),
    uses=("calibrate",),
    produces=("recordings/{recording}/tracks",),
    inputs=inputs,
)
