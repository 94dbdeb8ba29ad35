"""`skein segment`: every camera of a recording, in chunks of frames that can be done anywhere and in any order."""

import hashlib
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import data_fingerprint, file_fingerprint, replacing
from pipeline.jobs.declaration import Context
from pipeline.segmentation.chunks import Chunk, Summary, boundaries, file_key, finished, segment_chunk
from pipeline.segmentation.job import Segment
from pipeline.segmentation.segmenter import View, backend
from pipeline.video import Timeline, video_index, video_path
from pipeline.video.reader import spans

_VERSION = 1  # raise it when the same parameters and video give other detections


@dataclass(frozen=True, eq=False)
class Learning:
    """A model to make: what is seen, with which parameters, and the file it goes to."""

    view: View
    parameters: Segment
    path: Path


def run(context: Context, parameters: Segment) -> None:
    """Write ``detections/<camera>/part-<first>-<stop>.parquet`` (schema DETECTIONS; frames first … stop - 1).

    A file's metadata holds ``image_size`` (``"w,h"``), the ``key`` of what determines its rows, and a ``summary``.
    Files with the right key are kept, so that a job that was killed goes on after its last finished chunks, and its
    result is that of an uninterrupted run. The number of workers does not matter. With the ``median`` backend the rows
    do not depend on `chunk` either; ``mog2`` has a memory that starts anew with each chunk (see
    :class:`AdaptiveSegmenter`).

    Raises
    ------
    SkeinError
        If a video is missing or unreadable, or a region of interest names an unknown camera or leaves the image.
    """
    assert context.recording is not None
    timeline = Timeline.of(context.experiment, context.recording)
    for sentence in (*timeline.warnings, *timeline.notes):
        context.note(sentence)
    chunks: list[Chunk] = []
    learning: dict[Path, Learning] = {}
    for camera in timeline.cameras:
        view = _view(context.experiment, timeline, camera, parameters)
        folder = context.experiment.detections_folder(timeline.recording, camera)
        for part in _parts(folder, view, timeline, parameters):
            learning[part[0].model] = Learning(_seen(view, part), parameters, part[0].model)
            chunks += part
    folder = context.experiment.folder(timeline.recording) / "detections"
    _remove_others(folder, chunks)
    done = {index: summary for index, chunk in enumerate(chunks) if (summary := finished(chunk)) is not None}
    left = [index for index in range(len(chunks)) if index not in done]
    _learn(context, [chunks[index] for index in left], learning)

    total = sum(map(len, chunks))
    count = sum(len(chunks[index]) for index in done)
    context.progress(count, total, "Segmenting")
    for position, summary in context.fanout.map(segment_chunk, [chunks[index] for index in left]):
        chunk = chunks[left[position]]
        done[left[position]] = summary
        count += len(chunk)
        context.progress(count, total, f"{chunk.view.camera}: {summary.detections} animals in {summary.frames} frames")
    _report(context, chunks, done)


def _view(experiment: Experiment, timeline: Timeline, camera: str, parameters: Segment) -> View:
    path = video_path(experiment, timeline.recording, camera)
    unknown = sorted(set(parameters.roi) - set(experiment.camera_names))
    if unknown:
        raise SkeinError(
            f"roi names {unknown[0]!r}, which is no camera; there are {', '.join(experiment.camera_names)}."
        )
    size = video_index(path).size
    roi = parameters.roi.get(camera)
    if roi is not None:
        corners = np.array(roi, np.float64)
        if (corners < -0.5).any() or (corners > np.array(size) - 0.5).any():
            raise SkeinError(
                f"roi of {camera}: expected points inside the image, x 0 to {size[0] - 1} and y 0 to {size[1] - 1}, "
                f"got {[tuple(point) for point in roi]}."
            )
    # Only where one camera sees all can it tell that an animal is missing among those that move.
    animals = experiment.animals(timeline.recording)
    alone = len(timeline.cameras) == 1 or parameters.still_animals == "yes"
    return View(
        camera, path, timeline.video_frames(camera), size,
        None if roi is None else np.array(roi, np.float64), animals if alone else None,
    )  # fmt: skip


def _parts(folder: Path, view: View, timeline: Timeline, parameters: Segment) -> list[list[Chunk]]:
    """The chunks of one camera, grouped by the model they share."""
    forgotten = {"chunk"} if parameters.backend == "mog2" else {"chunk", "memory"}
    key = data_fingerprint(
        [
            _VERSION, view.camera, parameters.model_dump(mode="json", exclude=forgotten), view.animals, timeline.fps,
            file_fingerprint(view.video), hashlib.sha256(view.frames.tobytes()).hexdigest(),
        ]
    )  # fmt: skip
    index = video_index(view.video)
    covers = max(1, round(parameters.background_s * timeline.fps)) if parameters.background_s else timeline.n_frames
    parts: list[list[Chunk]] = []
    for number, start in enumerate(range(0, timeline.n_frames, covers)):
        own = view.frames[start : start + covers]
        model = folder / f"model-{number}-{key[:12]}.npz"
        if not (own >= 0).any():
            model = parts[-1][0].model if parts else model
        edges = boundaries(own, parameters.chunk, index)
        parts.append(
            [
                Chunk(
                    replace(view, frames=own[first:stop]), start + first, parameters, model,
                    folder / f"part-{start + first:08d}-{start + stop:08d}.parquet",
                    data_fingerprint([key, first, stop]),
                )
                for first, stop in pairwise(edges)
            ]
        )  # fmt: skip
    return parts


def _seen(view: View, part: list[Chunk]) -> View:
    """What a part's model is made from: its frames and, so that light changes smoothly, half as many on both sides."""
    first, stop = part[0].first, part[-1].first + len(part[-1])
    half = (stop - first) // 2
    frames = view.frames[max(0, first - half) : stop + half]
    return replace(view, frames=frames[frames >= 0])


def _remove_others(folder: Path, chunks: list[Chunk]) -> None:
    """Delete what runs with other parameters or inputs left: mixed with this run's files it would pass for a whole."""
    keys = {chunk.output: chunk.key for chunk in chunks}
    models = {chunk.model for chunk in chunks}
    for path in folder.glob("*/part-*.parquet"):
        if path not in keys or file_key(path) != keys[path]:
            path.unlink()
    for path in folder.glob("*/model-*.npz"):
        if path not in models:
            path.unlink()


def _learn(context: Context, chunks: list[Chunk], learning: dict[Path, Learning]) -> None:
    """Make the models that unfinished chunks need and that are not there."""
    needed = [learning[path] for path in dict.fromkeys(chunk.model for chunk in chunks) if not path.is_file()]
    for done, _ in enumerate(context.fanout.map(learn, needed)):
        context.progress(0, 1, f"Learning the background: {done + 1} of {len(needed)}")


def learn(learning: Learning) -> None:
    """Make one model and keep it."""
    model = backend(learning.parameters.backend).prepare(learning.view, learning.parameters)
    with replacing(learning.path) as temporary:
        np.savez(temporary, **model)  # type: ignore[arg-type]


def _report(context: Context, chunks: list[Chunk], done: dict[int, Summary]) -> None:
    """What people must know about each camera."""
    for camera in dict.fromkeys(chunk.view.camera for chunk in chunks):
        own = [(chunk, done[index]) for index, chunk in enumerate(chunks) if chunk.view.camera == camera]
        frames, detections = (sum(getattr(summary, name) for _, summary in own) for name in ("frames", "detections"))
        mean = detections / frames if frames else 0.0
        context.note(f"{camera}: {detections} detections in {frames} frames, {mean:.2f} per frame")
        for name, what in (("lost", "cannot be decoded and are left out"), ("damaged", "are damaged but were used")):
            numbers = [number for _, summary in own for number in getattr(summary, name)]
            if numbers:
                context.note(f"{camera}: {len(numbers)} video frames {what}: {spans(numbers)}")
        for path in dict.fromkeys(chunk.model for chunk, _ in own):
            with np.load(path, allow_pickle=False) as model:
                still = int(model["still"]) if "still" in model else 0
            if still:
                context.note(f"{camera}: {still} of the animals were found in the background: they never move")
