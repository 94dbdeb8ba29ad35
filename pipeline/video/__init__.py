"""Frame-accurate video: reading, proxies, clips, and the timeline that joins the cameras of a recording."""

from typing import TYPE_CHECKING

from pipeline.jobs.declaration import loaded_late

if TYPE_CHECKING:
    from pipeline.video.index import VideoIndex, video_index
    from pipeline.video.reader import VideoReader
    from pipeline.video.timeline import Timeline, video_path

__all__ = ["Timeline", "VideoIndex", "VideoReader", "video_index", "video_path"]

_AT_FIRST_USE = {
    "Timeline": "pipeline.video.timeline:Timeline",
    "VideoIndex": "pipeline.video.index:VideoIndex",
    "VideoReader": "pipeline.video.reader:VideoReader",
    "video_index": "pipeline.video.index:video_index",
    "video_path": "pipeline.video.timeline:video_path",
}

if not TYPE_CHECKING:
    __getattr__ = loaded_late(__name__, _AT_FIRST_USE)
