"""aniposelib's `calibration.toml`: one `[cam_N]` section per camera, plus what that layout lacks.

Layout: `name, size, matrix, distortions, rotation` (Rodrigues, world to camera)`, translation` (here: m)`, fisheye`.
The unit and what else that layout lacks stand in its `[metadata]`, which aniposelib keeps as it is; it takes any other
section for a camera.
"""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from pipeline.errors import SkeinError
from pipeline.files import write_text
from pipeline.types import Camera, CameraGroup

_KEYS = ("name", "size", "matrix", "distortions", "rotation", "translation")


def sniff(path: Path) -> str | None:
    """Why a file is not of this format, or None."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "it is not a TOML file"
    return None if any(key.startswith("cam_") for key in data) else "it has no section [cam_0], [cam_1] …"


def read(path: Path) -> CameraGroup:
    """Cameras of a `calibration.toml`, ordered by section number (cam_10 after cam_2), matched by `name`.

    Distortions of aniposelib's one- or two-coefficient pinhole models are filled up with zeros.

    Raises
    ------
    SkeinError
        If the file is not TOML, or a section lacks a key or has an impossible value.
    """
    data = _parsed(path)
    sections = [key for key, value in data.items() if key.startswith("cam_") and isinstance(value, dict)]
    if not sections:
        raise SkeinError(f"{path.name}: expected sections [cam_0], [cam_1] …, found {list(data) or 'nothing'}.")

    def order(key: str) -> tuple[int, str]:
        number = key.removeprefix("cam_")
        return (int(number), key) if number.isdigit() else (len(sections), key)

    return CameraGroup(tuple(_camera(path.name, key, data[key]) for key in sorted(sections, key=order)))


def read_world(path: Path) -> str | None:
    """What ties a calibration to the world: ``markers``, ``board``, ``camera`` (nothing does), None where not said."""
    return _parsed(path).get("metadata", {}).get("world")


def write(path: Path, cameras: CameraGroup, extra: dict[str, Any] | None = None) -> None:
    """Write cameras, and `extra` in the `[metadata]`, atomically."""
    document = tomlkit.document()
    for number, camera in enumerate(cameras):
        section = tomlkit.table()
        section.update(
            {
                "name": camera.name,
                "size": list(camera.size),
                "matrix": camera.matrix.tolist(),
                "distortions": camera.distortion.tolist(),
                "rotation": camera.rotation.tolist(),
                "translation": camera.translation.tolist(),
                "fisheye": camera.model == "fisheye",
            }
        )
        document[f"cam_{number}"] = section
    document["metadata"] = tomlkit.item({"unit": "m", **(extra or {})})
    write_text(path, tomlkit.dumps(document))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # not there, not TOML, not text
        raise SkeinError(f"{path.name}: expected a calibration in aniposelib's layout: {error}") from error


def _camera(file: str, key: str, section: dict[str, Any]) -> Camera:
    missing = [name for name in _KEYS if name not in section]
    if missing:
        raise SkeinError(f"{file}: section [{key}] lacks {', '.join(missing)}.")
    try:
        matrix, distortion, rotation, translation = (
            np.asarray(section[name], float) for name in ("matrix", "distortions", "rotation", "translation")
        )
        width, height = section["size"]
        size = int(width), int(height)
    except (TypeError, ValueError) as error:
        raise SkeinError(f"{file}: section [{key}] has a value that is not of the expected numbers: {error}") from error
    fisheye = bool(section.get("fisheye", False))
    expected = 4 if fisheye else 5
    if distortion.size > expected:
        raise SkeinError(f"{file}: [{key}] has {distortion.size} distortion coefficients, expected {expected}.")
    return Camera(
        name=str(section["name"]),
        size=size,
        model="fisheye" if fisheye else "pinhole",
        matrix=matrix,
        distortion=np.pad(np.ravel(distortion), (0, expected - distortion.size)),
        rotation=rotation,
        translation=translation,
    )
