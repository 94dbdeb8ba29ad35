"""Which files a camera's `calibration_video` names: a video, or pictures."""

import re
from pathlib import Path

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.types import CameraEntry

PICTURES = {".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def calibration_files(experiment: Experiment, camera: CameraEntry) -> tuple[Path, ...]:
    """One video, or pictures in the order of their names (numbers by value); nothing where the camera has no film.

    Raises
    ------
    SkeinError
        If what is named does not exist.
    """
    if camera.calibration_video is None:
        return ()
    path = experiment.file(camera.calibration_video)
    if path.is_file():
        return (path,)
    if path.is_dir():
        found = [file for file in path.iterdir() if file.suffix.lower() in PICTURES]
        what = f"the folder {camera.calibration_video!r} holds no picture"
    else:
        folder, pattern = _split_glob(path)
        found = [file for file in folder.glob(pattern) if file.suffix.lower() in PICTURES] if pattern else []
        what = f"there is no file, folder or picture {camera.calibration_video!r}"
    if not found:
        raise SkeinError(
            f"Camera {camera.name}, calibration_video: {what}; expected a film of the board, or a folder or pattern "
            "of its pictures."
        )
    return tuple(sorted(found, key=_natural))


def _natural(path: Path) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", path.name.lower())
    return [(1, int(part)) if part.isdigit() else (0, part) for part in parts]


def _split_glob(path: Path) -> tuple[Path, str]:
    """Folder without wildcards, and the pattern below it; an empty pattern where there is no wildcard."""
    for depth, part in enumerate(path.parts):
        if any(sign in part for sign in "*?["):
            return Path(*path.parts[:depth]), "/".join(path.parts[depth:])
    return path, ""
