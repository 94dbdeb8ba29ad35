"""Every name that a plugin or a script may import. What is not here may change without notice.

Names that need video, geometry or table libraries are loaded at their first use: declaring a job stays light, and so
does the command line's start.
"""

from typing import TYPE_CHECKING

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment, Provenance, read_provenance
from pipeline.files import data_fingerprint, file_fingerprint, write_json, write_table
from pipeline.jobs import Context, Job, Parameters, Progress, parameter
from pipeline.jobs.declaration import loaded_late
from pipeline.registry import API_VERSION, Export, Plugin
from pipeline.types import (
    DETECTIONS,
    TRACKS,
    TRAJECTORIES,
    Arena,
    Board,
    Camera,
    CameraGroup,
    Configuration,
    Detections,
    Recording,
    Zone,
)

if TYPE_CHECKING:
    from pipeline.calibration.report import Report as CalibrationReport
    from pipeline.calibration.report import read_report as read_calibration_report
    from pipeline.export import export
    from pipeline.formats.anipose import read as read_calibration
    from pipeline.geometry import project, rays, undistort, volume
    from pipeline.tracking.evaluation import MotScores, evaluate_mot
    from pipeline.tracking.evaluation.sequence import Labels
    from pipeline.video import Timeline
    from pipeline.video.clips import Clip, write_clip

__all__ = [
    "API_VERSION",
    "DETECTIONS",
    "TRACKS",
    "TRAJECTORIES",
    "Arena",
    "Board",
    "CalibrationReport",
    "Camera",
    "CameraGroup",
    "Clip",
    "Configuration",
    "Context",
    "Detections",
    "Experiment",
    "Export",
    "InvalidExperiment",
    "Job",
    "Labels",
    "MotScores",
    "Parameters",
    "Plugin",
    "Progress",
    "Provenance",
    "Recording",
    "SkeinError",
    "Timeline",
    "Zone",
    "data_fingerprint",
    "evaluate_mot",
    "export",
    "file_fingerprint",
    "parameter",
    "project",
    "rays",
    "read_calibration",
    "read_calibration_report",
    "read_provenance",
    "undistort",
    "volume",
    "write_clip",
    "write_json",
    "write_table",
]

_AT_FIRST_USE = {
    "CalibrationReport": "pipeline.calibration.report:Report",
    "Clip": "pipeline.video.clips:Clip",
    "Labels": "pipeline.tracking.evaluation.sequence:Labels",
    "MotScores": "pipeline.tracking.evaluation:MotScores",
    "Timeline": "pipeline.video:Timeline",
    "evaluate_mot": "pipeline.tracking.evaluation:evaluate_mot",
    "export": "pipeline.export:export",
    "project": "pipeline.geometry:project",
    "rays": "pipeline.geometry:rays",
    "read_calibration": "pipeline.formats.anipose:read",
    "read_calibration_report": "pipeline.calibration.report:read_report",
    "undistort": "pipeline.geometry:undistort",
    "volume": "pipeline.geometry:volume",
    "write_clip": "pipeline.video.clips:write_clip",
}

if not TYPE_CHECKING:
    __getattr__ = loaded_late(__name__, _AT_FIRST_USE)
