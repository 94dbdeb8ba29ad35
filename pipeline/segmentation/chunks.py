"""Chunks of frames: what is segmented, written and, after an interruption, done again as one piece."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.files import replacing
from pipeline.segmentation.job import Segment
from pipeline.segmentation.overlap import ahead
from pipeline.segmentation.segmenter import Backend, Model, Segmenter, View, backend
from pipeline.types import DETECTIONS, Detections, detections_table
from pipeline.video import VideoIndex, VideoReader
from pipeline.video.images import Image

KEY, SIZE, SUMMARY = "key", "image_size", "summary"
_ROW_GROUP = 20_000  # rows that are kept before they are written


@dataclass(frozen=True, eq=False)
class Chunk:
    """A run of a recording's frames in one camera.

    Parameters
    ----------
    view
        The camera; `frames` holds the frames of the chunk only.
    first
        Recording frame of the first of them.
    parameters
        Of the job.
    model
        File of the backend's model.
    output
        File to write.
    key
        Fingerprint of all that determines the detections.
    """

    view: View
    first: int
    parameters: Segment
    model: Path
    output: Path
    key: str

    def __len__(self) -> int:
        return len(self.view.frames)


@dataclass(frozen=True)
class Summary:
    """What happened in a chunk; kept in its file, so that a resumed job reports the same.

    Parameters
    ----------
    frames
        Frames that were segmented.
    detections
        Animals found in them.
    lost, damaged
        Video frames that could not be decoded, or only with errors.
    """

    frames: int
    detections: int
    lost: tuple[int, ...] = ()
    damaged: tuple[int, ...] = ()


def boundaries(frames: NDArray[np.int64], length: int, index: VideoIndex) -> list[int]:
    """Where chunks begin, in frames of the recording; the last number is the recording's length.

    They lie near multiples of `length`, moved to the nearest keyframe where that is nearer than half a chunk: a chunk
    that begins elsewhere decodes all frames since its keyframe in vain.
    """
    total = len(frames)
    even = np.arange(0, total, length)
    keys = np.searchsorted(index.ticks, index.keyframes[:, 0])
    there = frames >= 0
    starts = np.flatnonzero(there & np.isin(frames, keys))
    if len(starts):
        nearest = starts[np.abs(starts[None, :] - even[:, None]).argmin(axis=1)]
        even = np.where(np.abs(nearest - even) < length / 2, nearest, even)
    inner = np.unique(even[even > 0])
    return [0, *(int(start) for start in inner if start < total), total]


def file_key(path: Path) -> str | None:
    """The key of what determined a file's rows, or None where it cannot be read."""
    try:
        return ((pq.read_metadata(path).metadata or {}).get(KEY.encode()) or b"").decode() or None
    except (OSError, pa.ArrowInvalid):
        return None


def finished(chunk: Chunk) -> Summary | None:
    """What an earlier run found, if the chunk's file is there and was made from the same inputs and parameters."""
    if file_key(chunk.output) != chunk.key:
        return None
    found = json.loads(pq.read_metadata(chunk.output).metadata[SUMMARY.encode()])
    return Summary(found["frames"], found["detections"], tuple(found["lost"]), tuple(found["damaged"]))


def segment_chunk(chunk: Chunk) -> Summary:
    """Segment a chunk and write its file; decoding, segmenting and writing overlap, and memory holds a few batches.

    Raises
    ------
    SkeinError
        If the video or the model cannot be read, or the file cannot be written.
    """
    chosen = backend(chunk.parameters.backend)
    with np.load(chunk.model, allow_pickle=False) as arrays:
        model: Model = dict(arrays)
    segmenter = chosen.open(model, chunk.parameters, chunk.view)
    with VideoReader(chunk.view.video) as reader:
        batches = ahead(_batches(chunk, reader, chosen, segmenter))
        return _write(chunk, ahead(_tables(batches, segmenter)), reader)


Batch = tuple[list[int], list[Image]]


def _batches(chunk: Chunk, reader: VideoReader, chosen: Backend, segmenter: Segmenter) -> Iterator[Batch]:
    """Warm-up frames singly with an empty list of numbers, then batches of frames of the recording."""
    there = np.flatnonzero(chunk.view.frames >= 0)
    if len(there) == 0:
        return
    start = int(chunk.view.frames[there[0]])
    # At the beginning of the video there is nothing before the chunk: its own first frames stand in.
    before = range(max(0, start - segmenter.warm_up), start) or range(
        start, min(len(reader), start + segmenter.warm_up)
    )
    for _, image in reader.some(before if segmenter.warm_up else (), fmt=chosen.format):
        yield [], [image]
    numbers = {int(chunk.view.frames[position]): chunk.first + int(position) for position in there}
    found = ((numbers[frame], image) for frame, image in reader.some(numbers, fmt=chosen.format))
    while batch := list(islice(found, segmenter.batch)):
        yield [number for number, _ in batch], [image for _, image in batch]


def _tables(batches: Iterator[Batch], segmenter: Segmenter) -> Iterator[tuple[int, pa.Table]]:
    for numbers, images in batches:
        if not numbers:
            for image in images:
                segmenter.warm(image)
            continue
        found: list[Detections] = segmenter.segment(images)
        yield len(numbers), detections_table(numbers, found)


def _write(chunk: Chunk, tables: Iterator[tuple[int, pa.Table]], reader: VideoReader) -> Summary:
    known = {KEY: chunk.key, SIZE: "{},{}".format(*chunk.view.size)}
    frames = detections = 0
    waiting: list[pa.Table] = []
    with (
        replacing(chunk.output) as temporary,
        pq.ParquetWriter(temporary, DETECTIONS.with_metadata(known), compression="zstd") as writer,
    ):
        for count, table in tables:
            frames, detections = frames + count, detections + len(table)
            waiting.append(table)
            if sum(map(len, waiting)) >= _ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting).replace_schema_metadata(known))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting).replace_schema_metadata(known))
        own = set(chunk.view.frames.tolist())
        lost, damaged = (tuple(sorted(numbers & own)) for numbers in (reader.lost, reader.damaged))
        summary = Summary(frames, detections, lost, damaged)
        writer.add_key_value_metadata({SUMMARY: json.dumps(asdict(summary))})
    return summary
