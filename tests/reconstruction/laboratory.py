"""An experiment whose animals move on known curves, seen by known cameras, with tracks that break, err and swap."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.spatial.transform import Rotation

from pipeline.experiment import Experiment
from pipeline.formats import anipose
from pipeline.geometry import project
from pipeline.jobs import Context
from pipeline.reconstruction.job import Reconstruct
from pipeline.reconstruction.run import run
from pipeline.types import TRACKS, Camera, CameraGroup
from tests.video.numbered import write_numbered

FPS = 20.0
ARENA = "[[0, 1.6], [0, 1.0], [0, 0.4]]"
SIZE = (900, 700)


def rig(count: int) -> CameraGroup:
    """Fisheye cameras in the corners of the arena, 0.9 m above the floor, that look at its middle."""
    places = [(0.1, 0.1, 0.9), (1.5, 0.9, 0.9), (0.1, 0.9, 0.95), (1.5, 0.1, 0.85)][:count]
    matrix = np.array([[320.0, 0, 450], [0, 320, 350], [0, 0, 1]])
    cameras = []
    for number, place in enumerate(places, start=1):
        ahead = np.array([0.8, 0.5, 0.1]) - place
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        matrix_world = np.stack([right, np.cross(ahead, right), ahead])
        turn = Rotation.from_matrix(matrix_world).as_rotvec()
        lens = [0.02, -0.004, 0.001, -0.0002]
        cameras.append(Camera(f"cam_{number}", SIZE, "fisheye", matrix, lens, turn, -matrix_world @ np.array(place)))
    return CameraGroup(tuple(cameras))


def curves(animals: int, frames: int, seed: int = 0) -> np.ndarray:
    """(A, F, 3) smooth closed curves inside the arena, m."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames) / FPS
    middle = rng.uniform([0.5, 0.35, 0.12], [1.1, 0.65, 0.28], (animals, 3))
    reach = rng.uniform([0.2, 0.15, 0.03], [0.35, 0.25, 0.1], (animals, 3))
    rate, phase = rng.uniform(0.3, 0.9, (2, animals, 3)) * [[[1]], [[7]]]
    return middle[:, None] + reach[:, None] * np.sin(rate[:, None] * t[None, :, None] + phase[:, None])


@dataclass
class Laboratory:
    """Where everything is; `seen` (C, A, F) says which camera sees which animal, and may be changed before `track`."""

    root: Path
    animals: int = 4
    frames: int = 200
    cameras: int = 4
    noise_px: float = 0.4
    known: bool = True
    true: np.ndarray = field(init=False)
    seen: np.ndarray = field(init=False)
    tracklet: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.group = rig(self.cameras)
        self.true = curves(self.animals, self.frames)
        shape = (self.cameras, self.animals, self.frames)
        self.seen = np.ones(shape, bool)
        self.tracklet = np.broadcast_to(np.arange(self.animals)[None, :, None], shape).copy()
        write_numbered(self.root / "film.mp4", self.frames, fps=25, options={"preset": "ultrafast"})
        videos = ", ".join(f'{name} = "film.mp4"' for name in self.group.names)
        cameras = "".join(f'[[camera]]\nname = "{name}"\n' for name in self.group.names)
        number = f"animals = {self.animals}\n" if self.known else ""
        (self.root / "experiment.toml").write_text(
            f'name = "laboratory"\n{number}[arena]\nbounds = {ARENA}\n{cameras}'
            f'[[recording]]\nname = "trial"\nrecorded_fps = {FPS}\nvideos = {{ {videos} }}\n'
        )
        anipose.write(self.root / "calibration.toml", self.group)

    @property
    def experiment(self) -> Experiment:
        return Experiment.open(self.root)

    def break_at(self, camera: int, animal: int, frame: int, gap: int = 3) -> None:
        """A new tracklet begins after a gap."""
        self.seen[camera, animal, frame : frame + gap] = False
        self.tracklet[camera, animal, frame:] = self.tracklet[camera].max() + 1

    def swap_at(self, camera: int, one: int, other: int, frame: int) -> None:
        """The tracker takes one animal for the other from here on, without a break."""
        self.tracklet[camera, [one, other], frame:] = self.tracklet[camera, [other, one], frame:]

    def track(self) -> None:
        """Write the track files."""
        rng = np.random.default_rng(1)
        for index, camera in enumerate(self.group):
            pixels = project(camera, self.true) + rng.normal(0, self.noise_px, (self.animals, self.frames, 2))
            animal, frame = np.nonzero(self.seen[index])
            pixel, tracklet = pixels[animal, frame], self.tracklet[index, animal, frame]
            write_tracks(self.experiment, camera.name, frame, tracklet, pixel)

    def reconstruct(self, **parameters: object) -> tuple[pa.Table, list[str]]:
        """Run the job; the trajectories and the notes."""
        notes: list[str] = []
        context = Context(self.experiment, "trial", lambda *_: None, None, notes.append)  # type: ignore[arg-type]
        run(context, Reconstruct(**parameters))
        return pq.read_table(self.experiment.trajectories_path("trial")), notes

    def errors(self, table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
        """(R,) nearest true animal and distance to it, m, of every row."""
        at = np.stack([table[name].to_numpy() for name in "xyz"], axis=1)
        distance = np.linalg.norm(self.true[:, table["frame"].to_numpy()] - at, axis=2)
        return distance.argmin(axis=0), distance.min(axis=0)

    def identities(self, table: pa.Table) -> dict[str, set[int]]:
        """Which true animals each individual was."""
        who, _ = self.errors(table)
        names = np.array(table["individual"].to_pylist())
        return {str(name): set(who[names == name].tolist()) for name in np.unique(names)}


def write_tracks(experiment: Experiment, camera: str, frame: np.ndarray, track: np.ndarray, pixel: np.ndarray) -> None:
    """A track file of detections 20 px long."""
    order = np.lexsort((track, frame))
    frame, track, pixel = frame[order], track[order], pixel[order]
    n = len(frame)
    table = pa.table(
        {
            "frame": frame.astype(np.int32), "track": track.astype(np.int32), "tracklet": track.astype(np.int32),
            "detection": np.arange(n, dtype=np.int32), "x": pixel[:, 0].astype(np.float32),
            "y": pixel[:, 1].astype(np.float32), "left": pixel[:, 0].astype(np.float32) - 10,
            "top": pixel[:, 1].astype(np.float32) - 5, "width": np.full(n, 20, np.float32),
            "height": np.full(n, 10, np.float32), "area": np.full(n, 150, np.float32),
            "orientation": np.zeros(n, np.float32), "score": np.ones(n, np.float32),
            "class_id": np.zeros(n, np.int16), "state": ["observed"] * n,
        },
        schema=TRACKS,
    )  # fmt: skip
    path = experiment.tracks_path("trial", camera)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
