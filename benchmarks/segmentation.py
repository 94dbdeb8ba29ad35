"""Segmentation end to end against a plain OpenCV loop, its memory, and how its speed grows.

The video is made here: ten dark ellipses that swim over a textured ground under flickering light, 1280 × 720.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks import Row, compared, seconds
from pipeline.experiment import Experiment
from pipeline.jobs import run_now
from pipeline.jobs.fanout import LocalFanout
from pipeline.segmentation.job import JOB

SIZE = (1280, 720)
FRAMES = 500
_PEAK = """
import sys
from pathlib import Path
import psutil
from pipeline.experiment import Experiment
from pipeline.jobs import run_now
from pipeline.segmentation.job import JOB
run_now(JOB, Experiment.open(sys.argv[1]), "trial")
usage = psutil.Process().memory_info()
if sys.platform == "win32":
    peak = usage.peak_wset
else:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(peak / 2**20)
"""


def write_video(path: Path, frames: int, animals: int, size: tuple[int, int] = SIZE) -> Path:
    """Render ellipses that swim on circles of their own."""
    rng = np.random.default_rng(7)
    coarse = rng.normal(130, 12, (size[1] // 16, size[0] // 16)).astype(np.float32)
    ground = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    noise = [rng.normal(0, 2, (size[1], size[0])).astype(np.float32) for _ in range(7)]
    centre = rng.uniform(0.2, 0.8, (animals, 2)) * size
    radius, speed, phase = rng.uniform(60, 140, animals), rng.uniform(0.01, 0.04, animals), rng.uniform(0, 6.3, animals)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "20", "g": "250"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            image = ground.copy()
            angle = phase + speed * number
            place = centre + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
            for (x, y), turn in zip(place, angle, strict=True):
                box = ((float(x), float(y)), (34.0, 12.0), float(np.degrees(turn)) + 90)
                cv2.ellipse(image, box, (60.0,), -1, cv2.LINE_AA)
            light = 1 + 0.02 * np.sin(number / 3)
            picture = np.clip(image * light + noise[number % 7], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def repeat_video(source: Path, path: Path, times: int, frames: int) -> Path:
    """The same packets several times over: a long video without the time to encode it."""
    with av.open(str(path), "w") as container:
        target = None
        for turn in range(times):
            with av.open(str(source)) as read:
                stream = read.streams.video[0]
                target = target or container.add_stream_from_template(stream)
                shift = round(turn * frames / stream.average_rate / stream.time_base)
                for packet in read.demux(stream):
                    if packet.pts is not None and packet.dts is not None:
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, target
                        container.mux(packet)
    return path


def experiment(root: Path, video: Path, cameras: int = 1) -> Experiment:
    """An experiment whose cameras all film the same."""
    root.mkdir()
    names = [f"cam_{number}" for number in range(1, cameras + 1)]
    entries = "".join(f'[[camera]]\nname = "{name}"\n' for name in names)
    videos = ", ".join(f'{name} = "{video.as_posix()}"' for name in names)
    (root / "experiment.toml").write_text(
        f'name = "benchmark"\n{entries}[[recording]]\nname = "trial"\nvideos = {{ {videos} }}\n', encoding="utf-8"
    )
    return Experiment.open(root)


def plain_opencv(video: Path) -> int:
    """What most scripts do: read, MOG2, opening, contours, boxes."""
    capture, mixture = cv2.VideoCapture(str(video)), cv2.createBackgroundSubtractorMOG2(500, 16, True)
    element, found = np.ones((3, 3), np.uint8), 0
    while True:
        more, image = capture.read()
        if not more:
            return found
        mask = cv2.threshold(mixture.apply(image), 200, 255, cv2.THRESH_BINARY)[1]
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, element)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [cv2.boundingRect(contour) for contour in contours if cv2.contourArea(contour) > 50]
        found += len(boxes)


def again(opened: Experiment, workers: int = 0) -> None:
    """Segment from the start, with everything that the job does."""
    for old in opened.folder("trial").rglob("*.*"):
        if old.is_file():
            old.unlink()
    run_now(JOB, opened, "trial", fanout=LocalFanout(workers) if workers else None)


def run() -> list[Row]:
    """The figures."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        video = write_video(root / "video.mp4", FRAMES, 10)
        longer = repeat_video(video, root / "longer.mp4", 2, FRAMES)
        opened = experiment(root / "speed", longer)
        peer = f"read, MOG2, opening, contours with OpenCV {cv2.__version__} (all cores)"
        rows.append(
            compared(
                f"segmentation, 1 camera, {SIZE[0]} × {SIZE[1]}, {2 * FRAMES} frames, 1 process", lambda: again(opened),
                lambda: plain_opencv(longer), repeats=5, peer=peer, target="≥ 1.5",
                note="end to end: background, masks, sub-pixel centroids, Parquet; the loop counts boxes only",
            )
        )  # fmt: skip
        for animals in (1, 40):
            own = experiment(root / f"animals_{animals}", write_video(root / f"{animals}.mp4", FRAMES, animals))
            times = sorted(FRAMES / seconds(lambda own=own: again(own)) for _ in range(3))
            rows.append(
                Row(f"segmentation, {animals} animals, one process", times[1], "frames/s", (times[0], times[2]))
            )
        four = experiment(root / "four", video, cameras=4)
        times = sorted(4 * FRAMES / seconds(lambda: again(four, 2)) for _ in range(3))
        rows.append(Row("segmentation, 4 cameras, 2 processes", times[1], "frames/s", (times[0], times[2])))
        for frames in (1_000, 10_000):
            longer = repeat_video(video, root / f"{frames}.mp4", -(-frames // FRAMES), FRAMES)
            own = experiment(root / f"memory_{frames}", longer)
            command = [sys.executable, "-c", _PEAK, str(own.root)]
            peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
            rows.append(
                Row(
                    f"segmentation, peak memory, {frames:,} frames",
                    peak,
                    "MiB",
                    target="flat" if frames > 1_000 else "",
                )
            )
    return rows
