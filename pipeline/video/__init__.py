"""Frame-accurate video: reading, proxies, clips, and the timeline that joins the cameras of a recording."""

from pipeline.video.index import VideoIndex, video_index
from pipeline.video.reader import VideoReader
from pipeline.video.timeline import Timeline, video_path

__all__ = ["Timeline", "VideoIndex", "VideoReader", "video_index", "video_path"]
