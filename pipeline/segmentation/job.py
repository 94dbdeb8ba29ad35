"""The declaration of `skein segment`."""

from pipeline.jobs.declaration import Job, Parameters


class Segment(Parameters):
    """Parameters of `segment`."""


JOB = Job(
    name="segment",
    title="Segment animals",
    help="Find the outlines of the animals in every frame of every camera.",
    parameters=Segment,
    run="pipeline.segmentation.run:run",
    entry="pipeline.segmentation.job:JOB",
    scope="recording",
    requires=(),
    uses=(),
    produces=("recordings/{recording}/detections",),
)
