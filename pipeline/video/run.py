"""`skein proxy`: a video per camera that browsers play, and the table that names its frames."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.files import write_table
from pipeline.jobs.declaration import Context
from pipeline.video.encoding import TICKS, even_size, fitted, h264
from pipeline.video.job import Proxy
from pipeline.video.reader import VideoReader, spans
from pipeline.video.timeline import Timeline, video_path


def _column(name: str, kind: pa.DataType, unit: str, definition: str) -> pa.Field:
    return pa.field(name, kind, metadata={"unit": unit, "definition": definition})


PROXY_FRAMES = pa.schema(
    [
        _column("proxy_frame", pa.int32(), "frame", "frame of the proxy, from 0"),
        _column("frame", pa.int32(), "frame", "frame of the recording that it shows"),
        _column("time_s", pa.float64(), "s", "presentation time in the proxy: recorded seconds from frame 0"),
    ]
)


@dataclass(frozen=True, eq=False)
class CameraProxy:
    """One camera's proxy to make: its video, the frames to take, when they are shown, and where it goes."""

    camera: str
    video: Path
    frames: NDArray[np.int64]
    times: NDArray[np.float64]
    fps: float
    folder: Path
    parameters: Proxy


def run(context: Context, parameters: Proxy) -> None:
    """Write ``proxies/<camera>.mp4`` and, after it, ``proxies/<camera>.parquet`` (schema PROXY_FRAMES).

    A proxy shows the frames of the recording at their recorded time, so that those of all cameras run together and at
    true speed whatever the containers say. Frames that cannot be decoded are missing in both files.

    Raises
    ------
    SkeinError
        If a video is missing or unreadable.
    """
    assert context.recording is not None
    timeline = Timeline.of(context.experiment, context.recording)
    folder = context.experiment.folder(timeline.recording) / "proxies"
    tasks = [
        CameraProxy(
            camera, video_path(context.experiment, timeline.recording, camera), timeline.video_frames(camera),
            timeline.times, timeline.fps, folder, parameters,
        )
        for camera in timeline.cameras
    ]  # fmt: skip
    context.progress(0, len(tasks))
    for done, (index, lost) in enumerate(context.fanout.map(make_proxy, tasks)):
        context.progress(done + 1, len(tasks), tasks[index].camera)
        if lost:
            context.note(f"{tasks[index].camera}: {len(lost)} video frames cannot be decoded: {spans(lost)}")


def make_proxy(task: CameraProxy) -> list[int]:
    """Encode one proxy; returns the video frames that could not be decoded."""
    there = np.flatnonzero(task.frames >= 0)
    wanted = task.frames[there]
    recording_frame = dict(zip(wanted.tolist(), there.tolist(), strict=True))
    written: list[int] = []
    with VideoReader(task.video) as reader:
        size = even_size(reader.size, task.parameters.width)
        path = task.folder / f"{task.camera}.mp4"
        with h264(path, size, task.fps, quality=task.parameters.quality) as writer:
            for number, frame in reader.decoded(wanted.tolist()):
                own = recording_frame[number]
                writer.write(fitted(frame, size), round(float(task.times[own]) * TICKS))
                written.append(own)
            if not written:
                raise SkeinError(f"{task.camera}: no frame of {task.video.name} can be decoded.")
        lost = sorted(reader.lost & set(wanted.tolist()))
    ticks = np.round(task.times[written] * TICKS)
    columns = {"proxy_frame": np.arange(len(written)), "frame": written, "time_s": ticks / TICKS}
    write_table(task.folder / f"{task.camera}.parquet", pa.table(columns).cast(PROXY_FRAMES))
    return lost
