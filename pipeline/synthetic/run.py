"""Render the videos and the truth of a synthetic experiment."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import data_fingerprint, write_table
from pipeline.jobs.declaration import Context
from pipeline.synthetic.background import background, ray_table, vignette
from pipeline.synthetic.boards import board_poses, paint_board
from pipeline.synthetic.bodies import vertices
from pipeline.synthetic.encoding import Image, Sensor, encode, is_current
from pipeline.synthetic.job import VERSION, Render
from pipeline.synthetic.motion import Motion, swim
from pipeline.synthetic.painting import Silhouette, paint
from pipeline.synthetic.scene import EXTRA_FRAMES, RECORDING, Scene, build_scene, stream
from pipeline.synthetic.truth import silhouettes_table, write_rig, write_trajectories
from pipeline.synthetic.writing import calibration_video, check_parameters, recording_video


@dataclass(frozen=True)
class Film:
    """One video to render; picklable, so that it can be rendered anywhere."""

    root: Path
    parameters: Render
    camera: str
    of: str
    """``board`` or ``animals``."""

    @property
    def path(self) -> Path:
        name = calibration_video(self.camera) if self.of == "board" else recording_video(self.camera)
        return self.root / name

    @property
    def fingerprint(self) -> str:
        return data_fingerprint([VERSION, self.parameters.model_dump(), self.camera, self.of])


def run(context: Context, parameters: Render) -> None:
    """Render what is not there yet, a video per task.

    Raises
    ------
    SkeinError
        If the folder's demo was made with other parameters.
    """
    root = context.experiment.root
    check_parameters(root, parameters)
    scene = build_scene(parameters)
    films = [Film(root, parameters, camera, of) for of in ("animals", "board") for camera in scene.cameras.names]
    write_rig(root, scene)
    write_trajectories(root, scene, swim(scene))
    context.progress(0, len(films), "rendering")
    for done, (index, rendered) in enumerate(context.fanout.map(render_film, films), start=1):
        what = films[index].path.relative_to(root).as_posix()
        context.progress(done, len(films), f"{what} {'rendered' if rendered else 'was there'}")
    context.note(
        f"{scene.cameras.names[1]} recorded {EXTRA_FRAMES} frames more than the others; nothing refracts light here: "
        "the flume is dry."
    )


def render_film(film: Film) -> bool:
    """Render one video, and the truth that belongs to it; False if it was there already."""
    truth = film.root / "truth" / RECORDING / f"{film.camera}.parquet"
    if is_current(film.path, film.fingerprint) and (film.of == "board" or truth.is_file()):
        return False
    scene = build_scene(film.parameters)
    camera = scene.cameras[film.camera]
    sensor = Sensor(camera.size, stream(film.parameters, 8, scene.cameras.names.index(camera.name), film.of == "board"))
    if film.of == "board":
        encode(film.path, camera.size, board_frames(scene, film.camera, sensor), film.fingerprint)
        return True
    motion = swim(scene)
    seen: list[list[Silhouette]] = []
    encode(film.path, camera.size, animal_frames(scene, film.camera, motion, sensor, seen), film.fingerprint)
    frames = list(range(film.parameters.frames))
    table = silhouettes_table(scene, camera, motion, frames, seen[: len(frames)])
    write_table(truth, table)
    return True


def board_frames(scene: Scene, name: str, sensor: Sensor) -> Iterator[Image]:
    """Frames of a camera's board film, yuv420p."""
    camera = scene.cameras[name]
    empty, table = background(scene, camera), ray_table(camera)
    light = vignette(camera, table)
    for frame, pose in enumerate(board_poses(scene)):
        image = empty.copy()
        paint_board(image, light, table, camera, pose)
        yield sensor.expose(image, frame)


def animal_frames(
    scene: Scene, name: str, motion: Motion, sensor: Sensor, seen: list[list[Silhouette]]
) -> Iterator[Image]:
    """Frames of a camera's recording, yuv420p; what is seen of the animals in each is appended to `seen`."""
    camera = scene.cameras[name]
    empty, light = background(scene, camera), vignette(camera, ray_table(camera))
    for frame in range(scene.n_frames(name)):
        image = empty.copy()
        world = vertices(scene.animals, motion, frame)
        seen.append(paint(image, light, camera, scene.animals, world))
        yield sensor.expose(image, frame)
