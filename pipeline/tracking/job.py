"""The declaration of `skein track`."""

from pipeline.jobs.declaration import Job, Parameters


class Track(Parameters):
    """Parameters of `track`."""


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
)
