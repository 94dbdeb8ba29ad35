"""The declaration of `skein proxy`, and what every job that reads a recording's videos depends on."""

import hashlib

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import data_fingerprint, file_fingerprint
from pipeline.jobs.declaration import Job, Parameters, parameter

_FRAMES = {"recorded_fps", "start_at_s", "duration_s", "stride", "offsets"}


class Proxy(Parameters):
    """Parameters of `proxy`."""

    width: int = parameter(1280, "Widest picture; larger videos are scaled down.", unit="px", minimum=160, maximum=3840)
    quality: int = parameter(
        23,
        "x264's constant rate factor: lower looks better and takes more space.",
        minimum=10,
        maximum=40,
        advanced=True,
    )


def video_inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """Fingerprints of a recording's videos and of what decides which of their frames are used.

    Raises
    ------
    SkeinError
        If a video or the timestamps table is missing.
    """
    if recording is None:
        return {}
    entry = experiment.recording(recording)
    found = {"frames of the recording": data_fingerprint(entry.model_dump(mode="json", include=_FRAMES))}
    for camera, name in entry.videos.items():
        path = experiment.file(name)
        if not path.is_file():
            raise SkeinError(f"{recording}: there is no video {name} of {camera}. Put it there or correct its path.")
        found[f"video of {camera}"] = file_fingerprint(path)
    if entry.timestamps is not None:
        path = experiment.file(entry.timestamps)
        if not path.is_file():
            raise SkeinError(f"{recording}: there is no timestamps table {entry.timestamps}.")
        found["timestamps"] = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    return found


JOB = Job(
    name="proxy",
    title="Make browser videos",
    help="Encode a recording's videos so that every browser plays them and finds each frame at once.",
    parameters=Proxy,
    run="pipeline.video.run:run",
    entry="pipeline.video.job:JOB",
    scope="recording",
    produces=("recordings/{recording}/proxies",),
    inputs=video_inputs,
    stage=False,
)
