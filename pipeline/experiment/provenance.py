"""Where a result came from, and whether it still fits its inputs."""

import json
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pipeline import __version__
from pipeline.errors import SkeinError
from pipeline.experiment.folder import Experiment
from pipeline.files import data_fingerprint, write_json

ResultState = Literal["missing", "done", "stale"]
_LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "av", "pandas", "pyarrow")


@dataclass(frozen=True)
class Provenance:
    """What produced a result.

    Parameters
    ----------
    job
        Name of the job.
    recording
        Recording, or None for a result of the whole experiment.
    parameters
        Every parameter, defaults included.
    inputs
        Name of each input → fingerprint of its content; for an upstream job, that result's `key`.
    notes
        Sentences for people: what was cut, lost or assumed.
    duration_s
        Wall time of the computation.
    """

    job: str
    recording: str | None
    parameters: dict[str, Any]
    inputs: dict[str, str]
    notes: list[str] = field(default_factory=list)
    duration_s: float | None = None
    finished: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    skein: str = __version__
    versions: dict[str, str] = field(
        default_factory=lambda: {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
    )

    @property
    def key(self) -> str:
        """Fingerprint of what determines the result: job, parameters and inputs."""
        return data_fingerprint([self.job, self.recording, self.parameters, self.inputs])


def provenance_path(experiment: Experiment, job: str, recording: str | None) -> Path:
    """Where a result's provenance is kept."""
    root = experiment.folder(recording) if recording else experiment.root
    return root / "provenance" / f"{job}.json"


def write_provenance(experiment: Experiment, provenance: Provenance) -> None:
    """Write it last: a result counts as done from this moment on."""
    path = provenance_path(experiment, provenance.job, provenance.recording)
    write_json(path, provenance.__dict__)


def read_provenance(experiment: Experiment, job: str, recording: str | None) -> Provenance | None:
    """The provenance of a result, or None where there is no (readable) result."""
    path = provenance_path(experiment, job, recording)
    if not path.is_file():
        return None
    try:
        return Provenance(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise SkeinError(f"{path.name} cannot be read ({error}): run {job} again.") from error
