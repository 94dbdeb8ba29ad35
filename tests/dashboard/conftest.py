"""An experiment with two tiny videos whose frames can be told apart by their grey level."""

from pathlib import Path

import av
import numpy as np
import pytest

from dashboard.services import Services
from dashboard.settings import Settings

FRAMES, STEP = 24, 8

CONFIGURATION = """
name = "Pond"
[[camera]]
name = "cam_1"
[[camera]]
name = "cam_2"
[[recording]]
name = "trial_1"
recorded_fps = 20
[recording.videos]
cam_1 = "cam_1.mp4"
cam_2 = "cam_2.mp4"
[[recording]]
name = "trial_2"
[recording.videos]
cam_1 = "nowhere.mp4"
"""


def grey(frame: int) -> int:
    """Grey level of a frame of the tiny videos."""
    return 40 + STEP * frame


def write_video(path: Path, frames: int = FRAMES, size: tuple[int, int] = (64, 48)) -> None:
    """A video at 25 frames/s; frame k is all of `grey(k)`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            image = np.full((size[1], size[0], 3), grey(number), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "cam_1.mp4")
    write_video(folder / "cam_2.mp4", FRAMES + 3)
    return folder


@pytest.fixture
def pond(tmp_path: Path, videos: Path) -> Path:
    """The folder of an experiment, below `tmp_path / "lab"`."""
    folder = tmp_path / "lab" / "pond"
    folder.mkdir(parents=True)
    (folder / "experiment.toml").write_text(CONFIGURATION)
    for name in ("cam_1.mp4", "cam_2.mp4"):
        (folder / name).write_bytes((videos / name).read_bytes())
    return folder


@pytest.fixture
def settings(pond: Path) -> Settings:
    return Settings(folders=(pond,), roots=(pond.parent,))


@pytest.fixture
def services(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Services whose jobs stay queued: no supervisor is started."""
    monkeypatch.setattr("dashboard.services.ensure_supervisor", lambda: None)
    return Services(settings)
