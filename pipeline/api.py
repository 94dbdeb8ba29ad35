"""Every name that a plugin or a script may import. What is not here may change without notice."""

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment, Provenance, read_provenance
from pipeline.export import export
from pipeline.files import data_fingerprint, file_fingerprint, write_json, write_table
from pipeline.formats.anipose import read as read_calibration
from pipeline.geometry import project, rays, undistort, volume
from pipeline.jobs import Context, Job, Parameters, parameter
from pipeline.registry import API_VERSION, Export, Plugin
from pipeline.tracking.evaluation import MotScores, evaluate_mot
from pipeline.tracking.evaluation.sequence import Labels
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
from pipeline.video import Timeline

__all__ = [
    "API_VERSION",
    "DETECTIONS",
    "TRACKS",
    "TRAJECTORIES",
    "Arena",
    "Board",
    "Camera",
    "CameraGroup",
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
    "read_provenance",
    "undistort",
    "volume",
    "write_json",
    "write_table",
]
