"""The declaration of `skein segment`."""

from typing import Literal

from pydantic import field_validator

from pipeline.experiment import Experiment
from pipeline.jobs.declaration import Job, Parameters, parameter
from pipeline.video.job import video_inputs

Polygon = list[tuple[float, float]]


class Segment(Parameters):
    """Parameters of `segment`. Lengths and areas are those of the recorded image."""

    backend: Literal["median", "mog2"] = parameter(
        "median",
        "How animals are found: 'median' compares with one background per recording, 'mog2' with a background that "
        "adapts to slow changes (an animal that rests longer than its memory disappears into it).",
    )
    polarity: Literal["auto", "dark", "light", "both"] = parameter(
        "auto", "Whether animals are darker or lighter than the background; 'auto' looks at the video."
    )
    threshold: float | None = parameter(
        None, "Smallest difference from the background, in grey levels; left empty it follows noise and contrast.",
        unit="grey levels", minimum=1, maximum=254,
    )  # fmt: skip
    min_area: float | None = parameter(
        None, "Smaller spots are dropped; left empty it follows the animals' size.", unit="px²", minimum=1
    )
    max_area: float | None = parameter(
        None, "Larger spots are dropped; left empty: 20 times the animals' typical area.", unit="px²", minimum=1
    )
    roi: dict[str, Polygon] = parameter(
        {}, "Per camera, a polygon [[x, y], …] in the image; only what lies inside is looked at.", unit="px"
    )
    still_animals: Literal["auto", "yes", "no"] = parameter(
        "auto",
        "Look for animals that never move, in the background itself. 'auto' does it where one camera sees the whole "
        "recording, the number of animals is known and fewer of them move.",
    )
    split_touching: bool = parameter(True, "Separate animals that touch where the outline is clearly that of two.")
    shadow: float = parameter(
        0.15, "A shadow takes away up to this share of the light; what darkens by less counts as background.",
        minimum=0, maximum=0.9,
    )  # fmt: skip
    samples: int = parameter(
        40, "Frames from which the background is made.", unit="frames", minimum=5, maximum=200, advanced=True
    )
    background_s: float = parameter(
        0, "Recorded seconds that one background covers, for light that changes slowly; 0: the whole recording.",
        unit="s", minimum=0, advanced=True,
    )  # fmt: skip
    memory: int = parameter(
        300, "mog2: frames that its background remembers, which are also read before each chunk (warm-up).",
        unit="frames", minimum=10, maximum=5000, advanced=True,
    )  # fmt: skip
    opening: int = parameter(
        1, "Spots that are nowhere thicker than twice this radius are dropped. 0 keeps all.", unit="px",
        minimum=0, maximum=50, advanced=True,
    )  # fmt: skip
    closing: int = parameter(
        1, "Gaps up to twice this radius are closed.", unit="px", minimum=0, maximum=100, advanced=True
    )
    chunk: int = parameter(
        500, "Frames per chunk: what is done again after an interruption.", unit="frames", minimum=10, maximum=100_000,
        advanced=True,
    )  # fmt: skip

    @field_validator("roi")
    @classmethod
    def _polygons(cls, roi: dict[str, Polygon]) -> dict[str, Polygon]:
        for camera, polygon in roi.items():
            if len(polygon) < 3:
                raise ValueError(f"{camera}: expected a polygon of at least 3 points, got {len(polygon)}")
        return roi


def inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """The videos, the frames that are used, and the number of animals, which tells whether one never moves."""
    if recording is None:
        return {}
    return video_inputs(experiment, recording) | {"animals": str(experiment.animals(recording))}


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
    inputs=inputs,
)
