"""The experiment folder: the database of videos, results and where each result came from."""

from pipeline.experiment.editing import add_recording, create, editing, set_markers, set_parameters, set_zones
from pipeline.experiment.folder import Experiment
from pipeline.experiment.provenance import Provenance, ResultState, read_provenance, write_provenance
from pipeline.experiment.starts import import_starts

__all__ = [
    "Experiment",
    "Provenance",
    "ResultState",
    "add_recording",
    "create",
    "editing",
    "import_starts",
    "read_provenance",
    "set_markers",
    "set_parameters",
    "set_zones",
    "write_provenance",
]
