"""What `experiment.toml` says: cameras, board, arena, zones, recordings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.types.entry import Entry
from pipeline.types.zone import Point2, Point3, Zone

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


class CameraEntry(Entry):
    """A camera of the rig, before calibration."""

    name: str = Field(pattern=NAME)
    model: Literal["fisheye", "pinhole"] = "fisheye"
    calibration_video: str | None = Field(
        None, description="board film, or a folder or glob of board pictures, relative to the experiment folder"
    )
    calibration_offset: int = Field(0, description="video frame that shows the moment of frame 0 of the others")
    markers: dict[str, Point2] = Field(
        default_factory=dict, description="pixel coordinates of surveyed world points in this camera's image"
    )


class Board(Entry):
    """The calibration target."""

    type: Literal["chessboard", "charuco"] = "chessboard"
    inner_corners: tuple[int, int] = Field(description="columns and rows of inner corners, e.g. [8, 6]")
    square_mm: float = Field(gt=0, description="edge of a square, mm")
    marker_mm: float | None = Field(None, gt=0, description="ChArUco: edge of a marker, mm")
    dictionary: str = Field("DICT_4X4_100", description="ChArUco: OpenCV's name of the marker dictionary")
    floor_frame: int | None = Field(
        None, description="frame of the calibration videos in which the board lies on the floor and defines the world"
    )

    @model_validator(mode="after")
    def _complete(self) -> "Board":
        if min(self.inner_corners) < 2:
            raise ValueError(f"expected at least 2 × 2 inner corners, got {list(self.inner_corners)}")
        if self.type == "charuco" and (self.marker_mm is None or self.marker_mm >= self.square_mm):
            raise ValueError(f"a ChArUco board needs marker_mm smaller than square_mm, got {self.marker_mm}")
        return self


class Arena(Entry):
    """Where animals can be, in the world frame (m; z up, 0 on the floor)."""

    bounds: tuple[Point2, Point2, Point2] = Field(description="[[x0, x1], [y0, y1], [z0, z1]], m")
    water_surface_z: float | None = Field(None, description="height of the water surface, m: nobody swims above it")

    @field_validator("bounds")
    @classmethod
    def _ordered(cls, bounds: tuple[Point2, Point2, Point2]) -> tuple[Point2, Point2, Point2]:
        for axis, (low, high) in zip("xyz", bounds, strict=True):
            if not low < high:
                raise ValueError(f"expected lower < upper for {axis}, got [{low}, {high}]")
        return bounds

    @model_validator(mode="after")
    def _surface_above_the_floor(self) -> "Arena":
        bottom = self.bounds[2][0]
        if self.water_surface_z is not None and self.water_surface_z <= bottom:
            raise ValueError(
                f"expected water_surface_z above the arena's lowest z, {bottom}, got {self.water_surface_z}"
            )
        return self

    @property
    def habitat(self) -> tuple[Point2, Point2, Point2]:
        """Where animals are looked for, m: the bounds, up to the water surface where there is one."""
        x, y, (bottom, top) = self.bounds
        return x, y, (bottom, top if self.water_surface_z is None else min(top, self.water_surface_z))


class Recording(Entry):
    """Videos taken together: one per camera.

    Time comes from `recorded_fps` (or the timestamps table), never from the container: some recorders write 20 fps
    into files that claim 25. Frame k of the recording is frame ``first + offset + k * stride`` of a camera's video,
    where ``first = round(start_at_s * recorded_fps)``.
    """

    name: str = Field(pattern=NAME)
    videos: dict[str, str] = Field(min_length=1, description="camera name → video file, relative to the experiment")
    recorded_fps: float | None = Field(
        None, gt=0, description="frames per second as recorded; default: what the files say"
    )
    start: datetime | None = Field(None, description="date and time of the first frame, e.g. 2024-05-17T09:30:00")
    start_at_s: float = Field(0.0, ge=0, description="skip this many recorded seconds of the videos")
    duration_s: float | None = Field(None, gt=0, description="use this many recorded seconds; default: to the end")
    stride: int = Field(1, ge=1, description="use every n-th frame")
    offsets: dict[str, int] = Field(
        default_factory=dict, description="video frame of each camera that shows the moment of the others' frame 0"
    )
    timestamps: str | None = Field(None, description="CSV with columns camera, frame, time_s; replaces fps and offsets")
    animals: int | None = Field(None, ge=1, description="number of animals; default: the experiment's")
    factors: dict[str, str] = Field(default_factory=dict, description="experimental factors, e.g. treatment = 'warm'")


class Configuration(Entry):
    """A whole `experiment.toml`."""

    name: str = Field(min_length=1)
    description: str = ""
    animals: int | None = Field(None, ge=1, description="number of animals, if known")
    classes: list[str] = Field(default_factory=lambda: ["animal"], min_length=1)
    board: Board | None = None
    arena: Arena | None = None
    world_points: dict[str, Point3] = Field(default_factory=dict, description="surveyed points, m: name = [x, y, z]")
    world_points_file: str | None = Field(None, description="CSV or XLSX with columns id, x, y, z")
    camera: list[CameraEntry] = Field(default_factory=list)
    zone: list[Zone] = Field(default_factory=list)
    recording: list[Recording] = Field(default_factory=list)
    parameters: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="per job, values that replace the defaults: [parameters.segment]"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Configuration":
        if problems := inconsistencies(self.model_dump()):
            raise ValueError("\n".join(problems))
        return self


def inconsistencies(data: Mapping[str, Any]) -> list[str]:
    """What does not fit together in the content of an `experiment.toml`: names used twice, or that nothing has.

    The content need not be valid otherwise (what has the wrong type is passed over), so that these problems can be told
    together with all others.
    """
    cameras, zones, recordings = (_entries(data, key) for key in ("camera", "zone", "recording"))
    problems = []
    for what, entries in (("camera", cameras), ("zone", zones), ("recording", recordings)):
        names = [str(entry["name"]) for entry in entries if "name" in entry]
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.append(f"{what}: the name {name!r} is used twice; names must differ")
    known = {str(camera["name"]) for camera in cameras if "name" in camera}
    for recording in recordings:
        for key in ("videos", "offsets"):
            for unknown in sorted(_keys(recording, key) - known):
                problems.append(
                    f"recording {recording.get('name', '?')}: {key} names {unknown!r}, which is not a [[camera]]; "
                    f"there are {', '.join(sorted(known)) or 'none'}"
                )
    if data.get("world_points_file") is None:
        for camera in cameras:
            for unknown in sorted(_keys(camera, "markers") - _keys(data, "world_points")):
                problems.append(f"camera {camera.get('name', '?')}: marker {unknown!r} is not in world_points")
    return problems


def _entries(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = data.get(key)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _keys(entry: Mapping[str, Any], key: str) -> set[str]:
    table = entry.get(key)
    return set(table) if isinstance(table, Mapping) else set()
