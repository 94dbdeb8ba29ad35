"""The experiment folder: the database of videos, results and where each result came from."""

from pipeline.experiment.folder import Experiment
from pipeline.experiment.provenance import Provenance, ResultState, read_provenance, write_provenance

__all__ = ["Experiment", "Provenance", "ResultState", "read_provenance", "write_provenance"]
