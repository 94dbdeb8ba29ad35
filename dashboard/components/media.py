"""Addresses of pictures and videos."""

from collections.abc import Mapping
from urllib.parse import urlencode

from dashboard.page import View


def frame_url(view: View, camera: str, frame: int, width: int | None = None) -> str:
    """A JPEG of a recording frame of a camera.

    Parameters
    ----------
    frame
        Frame of the recording.
    width
        Scale to this width, px; default: as recorded.
    """
    query = {"experiment": view.key, "recording": view.recording, "camera": camera, "frame": frame, "width": width}
    return f"/media/frame?{_encoded(query)}"


def video_url(view: View, camera: str) -> str:
    """The browser proxy (mp4) of a camera's video."""
    return f"/media/video?{_encoded({'experiment': view.key, 'recording': view.recording, 'camera': camera})}"


def view_url(view: View, picture: str) -> str:
    """A picture of a calibration view, by its path below ``calibration/`` as the report names it."""
    return f"/media/view?{_encoded({'experiment': view.key, 'name': picture})}"


def _encoded(query: Mapping[str, object]) -> str:
    return urlencode({name: value for name, value in query.items() if value is not None})
