"""The nouns of Skein: frozen, validated once, with units in the docstrings."""

from pipeline.types.camera import Camera, CameraGroup
from pipeline.types.configuration import (
    Arena,
    Board,
    CameraEntry,
    Configuration,
    Recording,
)
from pipeline.types.detections import Detections, detections_table
from pipeline.types.entry import Entry
from pipeline.types.tables import DETECTIONS, TRACKS, TRAJECTORIES, checked
from pipeline.types.zone import Zone

__all__ = [
    "DETECTIONS",
    "TRACKS",
    "TRAJECTORIES",
    "Arena",
    "Board",
    "Camera",
    "CameraEntry",
    "CameraGroup",
    "Configuration",
    "Detections",
    "Entry",
    "Recording",
    "Zone",
    "checked",
    "detections_table",
]
