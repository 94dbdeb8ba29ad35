"""The declaration of `skein reconstruct`."""

from pipeline.jobs.declaration import Job, Parameters


class Reconstruct(Parameters):
    """Parameters of `reconstruct`."""


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
)
