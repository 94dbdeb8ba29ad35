"""The declaration of `skein calibrate`."""

from pipeline.jobs.declaration import Job, Parameters


class Calibrate(Parameters):
    """Parameters of `calibrate`."""


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
    produces=("calibration.toml", "calibration"),
)
