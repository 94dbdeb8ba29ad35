"""Clips: pieces of videos cut at exact frames, alone or one after the other, for annotation and for showing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.errors import SkeinError
from pipeline.files import write_table
from pipeline.video.encoding import TICKS, even_size, fitted, h264
from pipeline.video.reader import VideoReader

CLIP_FRAMES = pa.schema(
    [
        pa.field("clip_frame", pa.int32(), metadata={"unit": "frame", "definition": "frame of the written video"}),
        pa.field("source", pa.string(), metadata={"unit": "", "definition": "name of the video it comes from"}),
        pa.field("frame", pa.int32(), metadata={"unit": "frame", "definition": "frame of that video"}),
    ]
)


@dataclass(frozen=True)
class Clip:
    """Frames ``start, start + step, …`` below ``stop`` of a video."""

    video: Path
    start: int
    stop: int
    step: int = 1


def write_clip(path: Path, clips: Clip | Sequence[Clip], fps: float | None = None, quality: int = 16) -> pa.Table:
    """Write one clip, or several one after the other, as H.264 (see :func:`pipeline.video.encoding.h264`).

    The frames are encoded anew, because a copy of the packets could begin at keyframes only. Videos of another size
    than the first are scaled to it. A table of where each frame comes from is written beside the clip (``.parquet``).

    Parameters
    ----------
    path
        The mp4 file to write.
    fps
        Frames per second of the clip; by default those of the first video, divided by its step.
    quality
        x264's constant rate factor; 16 is visually lossless.

    Returns
    -------
    The table, schema CLIP_FRAMES. Frames that cannot be decoded are neither in it nor in the clip.

    Raises
    ------
    SkeinError
        If there is nothing to write, a video cannot be read, or a clip asks for frames that a video does not have.
    """
    pieces = [clips] if isinstance(clips, Clip) else list(clips)
    if not pieces:
        raise SkeinError("Expected at least one clip to write, got none.")
    rows: list[tuple[str, int]] = []
    with VideoReader(pieces[0].video) as first:
        size = even_size(first.size)
        rate = fps or first.container_fps / pieces[0].step or 25.0
    with h264(path, size, rate, quality=quality) as writer:
        for piece in pieces:
            with VideoReader(piece.video) as reader:
                if not 0 <= piece.start < piece.stop <= len(reader) or piece.step < 1:
                    raise SkeinError(
                        f"{piece.video.name} has frames 0 to {len(reader) - 1}; "
                        f"the clip asks for {piece.start} to {piece.stop - 1} in steps of {piece.step}."
                    )
                for frame, decoded in reader.decoded(range(piece.start, piece.stop, piece.step)):
                    writer.write(fitted(decoded, size), round(len(rows) * TICKS / rate))
                    rows.append((piece.video.name, frame))
        if not rows:
            raise SkeinError("None of the frames of the clips can be decoded.")
    columns = {
        "clip_frame": list(range(len(rows))),
        "source": [source for source, _ in rows],
        "frame": [frame for _, frame in rows],
    }
    table = pa.table(columns).cast(CLIP_FRAMES)
    write_table(path.with_suffix(".parquet"), table)
    return table
