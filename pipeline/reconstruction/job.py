"""The declaration of `skein reconstruct`."""

from typing import Literal

from pipeline.experiment import Experiment
from pipeline.files import data_fingerprint, file_fingerprint
from pipeline.jobs.declaration import Job, Parameters, parameter


class Reconstruct(Parameters):
    """Parameters of `reconstruct`."""

    mode: Literal["auto", "3d", "planar"] = parameter(
        "auto", "3d needs a calibration and two cameras; planar uses one camera and the floor; auto: by the cameras."
    )
    camera: str = parameter("", "Planar mode: the camera to use; empty: the only one that has tracks.", advanced=True)
    plane_z_m: float = parameter(
        0.0, "Planar mode with a calibrated camera: height of the plane in which the animals move.", unit="m",
        advanced=True,
    )  # fmt: skip
    interpolate_s: float = parameter(
        0.5, "Gaps up to this long are interpolated and flagged; longer ones stay lost.", unit="s", minimum=0
    )
    smoothing_s: float = parameter(
        0.0, "Window of a Savitzky-Golay filter over the positions; 0: no smoothing.", unit="s", minimum=0, maximum=10
    )
    point: Literal["volume", "centroid"] = parameter(
        "volume", "Point of an outline that stands for the animal: the centre of the body's volume (outline weighted "
        "by its width), or the centroid of its area.", advanced=True,
    )  # fmt: skip
    noise_px: float | None = parameter(
        None, "Standard deviation of a centroid; empty: measured from how well the cameras agree.", unit="px",
        minimum=0.01, advanced=True,
    )  # fmt: skip
    gate: float = parameter(
        4.0, "A view further than this many standard deviations from the common point is left out.", minimum=2,
        maximum=20, advanced=True,
    )  # fmt: skip
    link_s: float = parameter(
        2.0, "Longest gap over which pieces of a path are joined by their motion; "
        "no limit where the number of animals is known.", unit="s", minimum=0, advanced=True,
    )  # fmt: skip
    minimum_s: float = parameter(
        0.5, "An animal must be seen by two cameras for at least this long in all.", unit="s", minimum=0, advanced=True
    )
    window_frames: int = parameter(
        2000, "Frames matched at once; memory grows with it.", unit="frames", minimum=100, advanced=True
    )


def inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """What of the configuration shapes the result, beside tracks and calibration."""
    assert recording is not None
    configuration = experiment.configuration
    entry = experiment.recording(recording)
    calibration = experiment.calibration_path
    return {
        "calibration.toml": file_fingerprint(calibration) if calibration.is_file() else "",
        "animals": data_fingerprint(experiment.animals(recording)),
        "arena": data_fingerprint(configuration.arena.model_dump() if configuration.arena else None),
        "time": data_fingerprint(entry.model_dump(mode="json", include=_TIME)),
        "floor": data_fingerprint(
            [
                [[camera.name, camera.model, camera.markers] for camera in configuration.camera],
                configuration.world_points,
                _survey(experiment),
            ]
        ),
    }


def _survey(experiment: Experiment) -> str | None:
    """Content of the sheet of surveyed points."""
    name = (experiment.configuration.world_points_file or "").partition("#")[0]
    path = experiment.file(name)
    return file_fingerprint(path) if name and path.is_file() else None


_TIME = {"recorded_fps", "start_at_s", "duration_s", "stride", "offsets", "timestamps", "videos"}

JOB = Job(
    name="reconstruct",
    title="Reconstruct trajectories",
    help="Match the tracks of all cameras and compute each animal's path in the world.",
    parameters=Reconstruct,
    run="pipeline.reconstruction.run:run",
    entry="pipeline.reconstruction.job:JOB",
    scope="recording",
    requires=("track",),
    uses=("calibrate",),
    produces=("recordings/{recording}/trajectories.parquet",),
    inputs=inputs,
)
