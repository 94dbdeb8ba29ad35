"""The declaration of `skein calibrate`."""

from pipeline.calibration.sources import calibration_files
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import data_fingerprint, file_fingerprint
from pipeline.jobs.declaration import Job, Parameters, parameter


class Calibrate(Parameters):
    """Parameters of `calibrate`."""

    every: int | None = parameter(
        None, "Look for the board in every n-th frame; left empty, in about 300 frames per camera.",
        unit="frames", minimum=1,
    )  # fmt: skip
    max_views: int = parameter(
        60, "Views of the board per camera that the calibration uses: the most different ones.",
        unit="views", minimum=6, maximum=400,
    )  # fmt: skip
    drop_mean_px: float = parameter(
        1.0,
        "A view whose corners are off by more than this on average is dropped.",
        unit="px",
        minimum=0.05,
        maximum=20,
    )
    drop_max_px: float = parameter(
        2.0, "A view with a corner that is off by more than this is dropped.", unit="px", minimum=0.1, maximum=50
    )
    duplicate_percent: float = parameter(
        1.5, "A view whose corners moved less than this since another one is a near-duplicate and left out.",
        unit="% of the image's diagonal", minimum=0, maximum=20, advanced=True,
    )  # fmt: skip
    pictures: int = parameter(
        6, "Small pictures of accepted, and as many of dropped views per camera that the report shows.",
        minimum=0, maximum=50, advanced=True,
    )  # fmt: skip


def inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """Films, board, markers and surveyed points."""
    configuration = experiment.configuration
    found = {
        "board": data_fingerprint(configuration.board.model_dump(mode="json") if configuration.board else None),
        "world points": data_fingerprint({name: list(point) for name, point in configuration.world_points.items()}),
    }
    if configuration.world_points_file:
        name, _, sheet = configuration.world_points_file.partition("#")
        path = experiment.file(name)
        found["world points file"] = data_fingerprint([sheet, file_fingerprint(path) if path.is_file() else "missing"])
    for camera in configuration.camera:
        entry = camera.model_dump(mode="json", exclude={"calibration_video"})
        try:
            files = [file_fingerprint(path) for path in calibration_files(experiment, camera)]
        except SkeinError:
            files = ["missing"]
        found[f"camera {camera.name}"] = data_fingerprint([entry, files])
    return found


def _not_needed(experiment: Experiment, recording: str | None) -> str | None:
    filmed = any(camera.calibration_video for camera in experiment.configuration.camera)
    return None if filmed else "no [[camera]] has a calibration_video"


# The folder `calibration` is not among the products: it also tells why an attempt was refused, which leaves the
# calibration in use as it is.
JOB = Job(
    name="calibrate",
    title="Calibrate cameras",
    help="Find the board in the calibration videos and compute lenses, positions and the world frame.",
    parameters=Calibrate,
    run="pipeline.calibration.run:run",
    entry="pipeline.calibration.job:JOB",
    scope="experiment",
    requires=(),
    uses=(),
    produces=("calibration.toml",),
    inputs=inputs,
    not_needed=_not_needed,
)
