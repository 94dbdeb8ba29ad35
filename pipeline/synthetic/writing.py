"""The `experiment.toml` of the demo, as a newcomer would write it."""

import json
from pathlib import Path

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import write_json, write_text
from pipeline.synthetic.job import Render
from pipeline.synthetic.scene import (
    ARENA,
    BOARD_CORNERS,
    BOARD_SQUARE,
    RECORDED_FPS,
    RECORDING,
    Scene,
    build_scene,
)


def calibration_video(camera: str) -> str:
    """Path of a camera's board film in the experiment."""
    return f"videos/calibration/{camera}.mp4"


def recording_video(camera: str) -> str:
    """Path of a camera's video of the recording in the experiment."""
    return f"videos/{RECORDING}/{camera}.mp4"


def write_experiment(root: str | Path, parameters: Render) -> Experiment:
    """Write `experiment.toml` (in a moment, before any video is rendered) and open it.

    A demo that is there already, made with the same parameters, is opened as it is, with whatever its owner changed.

    Raises
    ------
    SkeinError
        If the folder holds another experiment, or a demo with other parameters, or is a file.
    """
    folder = Path(root)
    if folder.is_file():
        raise SkeinError(f"{root} is a file: expected the name of a folder for the demo.")
    if (folder / "experiment.toml").exists():
        check_parameters(folder, parameters)
    else:
        write_json(_record(folder), parameters.model_dump())
        write_text(folder / "experiment.toml", document(build_scene(parameters)))
    return Experiment.open(folder)


def check_parameters(root: Path, parameters: Render) -> None:
    """Refuse to mix the videos of two demos, or to render into somebody's experiment."""
    record = _record(root)
    if not record.is_file():
        raise SkeinError(f"{root} holds an experiment that is not a demo: choose an empty folder for the demo.")
    before = json.loads(record.read_text(encoding="utf-8"))
    wanted = parameters.model_dump()
    if before != wanted:
        changed = ", ".join(
            f"{key} {before.get(key)} → {wanted[key]}" for key in wanted if before.get(key) != wanted[key]
        )
        raise SkeinError(f"{root} holds a demo with other parameters ({changed}): choose another folder, or delete it.")


def document(scene: Scene) -> str:
    """The text of `experiment.toml`."""
    parts = [_HEAD.format(animals=scene.parameters.animals, **_board(), **_arena()), "", "[world_points]"]
    parts += [f"{name} = [{x:.3f}, {y:.3f}, {z:.3f}]" for name, (x, y, z) in scene.markers.items()]
    for camera in scene.cameras.names:
        parts += ["", "[[camera]]", f'name = "{camera}"', f'calibration_video = "{calibration_video(camera)}"']
        parts += ["[camera.markers]  # where the discs are in this camera's image, px"]
        parts += [f"{name} = [{x:.2f}, {y:.2f}]" for name, (x, y) in scene.clicks[camera].items()]
    videos = [f'{camera} = "{recording_video(camera)}"' for camera in scene.cameras.names]
    parts += ["", _ZONES, "", _RECORDING.format(name=RECORDING, fps=RECORDED_FPS), *videos, ""]
    return "\n".join(parts)


def _record(root: Path) -> Path:
    return root / "truth" / "parameters.json"


def _board() -> dict[str, object]:
    return {"corners": list(BOARD_CORNERS), "square": BOARD_SQUARE * 1000}


def _arena() -> dict[str, object]:
    return {"bounds": [list(side) for side in ARENA.bounds], "surface": ARENA.water_surface_z}


_HEAD = """\
# A synthetic experiment: fish-like animals in a flume, filmed by fisheye cameras.
# Lengths are in m unless the name says otherwise; x runs along the flume, z is up, and 0 lies on its floor.
# The cameras see through the same medium that the animals swim in: nothing is refracted.

name = "Demo flume"
description = "Rendered by `skein demo`; the exact truth is in truth/."
animals = {animals}
classes = ["fish"]

[board]  # the chessboard of the calibration films
type = "chessboard"
inner_corners = {corners}
square_mm = {square:.1f}

[arena]
bounds = {bounds}
water_surface_z = {surface}

# White discs on the floor, surveyed with a tape: they tie the calibration to the flume."""

_ZONES = """\
# Zones may overlap. A polygon without z reaches from the floor to the surface.
[[zone]]
name = "inlet"
polygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]

[[zone]]
name = "outlet"
polygon = [[1.1, 0.0], [1.6, 0.0], [1.6, 1.0], [1.1, 1.0]]

[[zone]]
name = "feeder"
polygon = [[0.65, 0.3], [0.95, 0.25], [1.05, 0.5], [0.95, 0.75], [0.65, 0.7]]

[[zone]]
name = "near the surface"
box = [[0.0, 1.6], [0.0, 1.0], [0.25, 0.4]]"""

_RECORDING = """\
[[recording]]
name = "{name}"
start = 2026-05-04T10:30:00
recorded_fps = {fps}  # the recorder saves its files as 25 fps; this is the true rate
factors = {{ treatment = "control" }}
[recording.videos]"""
