"""The `experiment.toml` that `skein init` writes: complete, and every key explained where a person fills it in."""

from collections.abc import Sequence

import tomlkit

_HEAD = """\
# Skein experiment. Lines that begin with # are comments; take the # away to use a line.
# `skein check` names everything that is wrong or missing in here.

name = {name}
description = ""
{animals}                 # number of animals, where it is known and the same in all recordings
classes = ["animal"]
# world_points_file = "survey.csv"   # CSV or XLSX with columns id, x, y, z, instead of [world_points] below

# Cameras ------------------------------------------------------------------------------------------------------------
# model: "fisheye" or "pinhole". calibration_video: film of the board, or a folder or glob of board pictures, relative
# to this file. calibration_offset: video frame that shows the moment of frame 0 of the other cameras' films.
# markers: pixel coordinates of surveyed points in this camera's image, by the names in [world_points].
# One camera needs no calibration: with four or more markers on the floor its positions are in metres, else in pixels.
"""
_CAMERA = """
[[camera]]
name = {name}
model = {model}
# calibration_video = {video}
# calibration_offset = 0
# markers = {{ A = [512.0, 384.5], B = [1210.0, 402.0] }}
"""
_BOARD = """
# Board --------------------------------------------------------------------------------------------------------------
# type: "chessboard" or "charuco" (then also marker_mm and dictionary). inner_corners: columns and rows of *inner*
# corners. square_mm: edge of a square. floor_frame: frame in which the board lies on the floor and defines the world.
{on}[board]
{on}type = "chessboard"
{on}inner_corners = {corners}
{on}square_mm = {square}
# floor_frame = 0

# Arena: metres, z up, 0 on the floor --------------------------------------------------------------------------------
{arena}[arena]
{arena}bounds = {bounds}
# water_surface_z = 0.4

# Surveyed points, metres: name = [x, y, z] --------------------------------------------------------------------------
# [world_points]
# A = [0.0, 0.0, 0.0]
# B = [2.0, 0.0, 0.0]

# Zones: metres (pixels where positions are in pixels); a polygon, box, cylinder or sphere ---------------------------
# A polygon or cylinder with z = [lower, upper] has a height; without it, it holds whatever is above it.
# [[zone]]
# name = "shelter"
# polygon = [[0.2, 0.1], [0.6, 0.1], [0.6, 0.4], [0.2, 0.4]]
# [[zone]]
# name = "centre"
# cylinder = [1.0, 0.5]
# radius = 0.25
# z = [0.0, 0.1]

# Parameters that differ from the defaults; `skein segment --help` lists them ----------------------------------------
# [parameters.segment]
# min_area = 40

# Recordings: `skein add-recording` appends them ---------------------------------------------------------------------
# recorded_fps: frames per second as recorded; needed where the recorder writes another rate into its files.
# start_at_s, duration_s: recorded seconds to skip and to use. stride: use every n-th frame.
# offsets: video frame of a camera that shows the moment of the others' frame 0.
# timestamps: a CSV with columns camera, frame, time_s; it replaces recorded_fps and offsets.
#
# [[recording]]
# name = "trial_1"
# videos = {videos}
# recorded_fps = 20.0
# start = 2024-05-17T09:30:00
# start_at_s = 0.0
# animals = 8
# factors = {{ treatment = "warm" }}
"""


def experiment_text(
    name: str,
    cameras: Sequence[str],
    model: str,
    inner_corners: tuple[int, int] | None,
    square_mm: float | None,
    bounds: Sequence[Sequence[float]] | None,
    animals: int | None,
) -> str:
    """The text; what is not given stands in it as a comment."""
    head = _HEAD.format(name=_toml(name), animals=f"animals = {animals}" if animals is not None else "# animals = 8")
    middle = "".join(
        _CAMERA.format(name=_toml(camera), model=_toml(model), video=_toml(f"calibration/{camera}.mp4"))
        for camera in cameras
    )
    videos = [f'{camera} = "trial_1/{camera}.mp4"' for camera in cameras]
    return (
        head
        + middle
        + _BOARD.format(
            on="" if inner_corners else "# ",
            corners=_toml(list(inner_corners or (8, 6))),
            square=_toml(square_mm or 30.0),
            arena="" if bounds else "# ",
            bounds=_toml([list(axis) for axis in bounds or [[0.0, 2.0], [0.0, 1.0], [0.0, 0.5]]]),
            videos=f"{{ {', '.join(videos)} }}",
        )
    )


def _toml(value: object) -> str:
    return tomlkit.item(value).as_string()
