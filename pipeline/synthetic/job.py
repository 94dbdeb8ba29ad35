"""The declaration of the job that renders the demo experiment."""

from pipeline.experiment import Experiment
from pipeline.jobs.declaration import Job, Parameters, parameter

VERSION = 6
"""Raised when the same parameters give other videos or another truth than before."""


class Render(Parameters):
    """Parameters of a synthetic experiment; equal parameters give an equal experiment."""

    seed: int = parameter(1, "Number that every random choice follows from.", minimum=0)
    animals: int = parameter(8, "Number of animals; the last one enters late.", minimum=1, maximum=40)
    cameras: int = parameter(4, "Number of cameras around the flume.", minimum=2, maximum=5)
    frames: int = parameter(600, "Frames that every camera recorded.", minimum=50, maximum=100_000)


def _inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    return {"renderer": str(VERSION)}


JOB = Job(
    name="render",
    title="Render the demo",
    help="Render the videos of a synthetic experiment: board films, and a recording of swimming animals.",
    parameters=Render,
    run="pipeline.synthetic.run:run",
    entry="pipeline.synthetic.job:JOB",
    scope="experiment",
    produces=("videos", "truth"),
    inputs=_inputs,
    stage=False,
)
