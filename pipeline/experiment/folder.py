"""An experiment on disk: `experiment.toml` and the folder around it."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment.explaining import explain, readable
from pipeline.types import Configuration, Recording
from pipeline.types.configuration import inconsistencies

CONFIGURATION = "experiment.toml"


@dataclass(frozen=True)
class Experiment:
    """One experiment folder.

    ::

        experiment.toml
        calibration.toml                            the cameras in use
        calibration/report.json, …                  how good they are
        recordings/<recording>/detections/<camera>/part-*.parquet
        recordings/<recording>/tracks/<camera>.parquet
        recordings/<recording>/trajectories.parquet
        recordings/<recording>/results/<plugin>/…
        recordings/<recording>/proxies/<camera>.mp4
        provenance/<job>.json, recordings/<recording>/provenance/<job>.json
        truth/                                      of a synthetic experiment; only evaluation reads it

    Parameters
    ----------
    root
        The folder.
    configuration
        What its `experiment.toml` says.
    """

    root: Path
    configuration: Configuration

    @classmethod
    def open(cls, root: str | Path) -> "Experiment":
        """Read and validate `experiment.toml`.

        Raises
        ------
        InvalidExperiment
            All problems of the file at once.
        SkeinError
            If there is no such file.
        """
        return cls(Path(root).resolve(), parse(written(root), CONFIGURATION))

    @property
    def name(self) -> str:
        """As it is shown to people."""
        return self.configuration.name

    @property
    def calibration_path(self) -> Path:
        """The cameras in use (:mod:`pipeline.formats.anipose`); the file need not exist."""
        return self.root / "calibration.toml"

    @cached_property
    def camera_names(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(camera.name for camera in self.configuration.camera)

    @cached_property
    def recording_names(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(recording.name for recording in self.configuration.recording)

    def recording(self, name: str) -> Recording:
        """The recording of that name, or an error that lists the names there are."""
        for recording in self.configuration.recording:
            if recording.name == name:
                return recording
        known = ", ".join(self.recording_names) or "none yet (`skein add-recording`)"
        raise SkeinError(f"No recording named {name!r} in {self.name}; there are {known}.")

    def animals(self, recording: str) -> int | None:
        """Known number of animals in a recording, or None."""
        return self.recording(recording).animals or self.configuration.animals

    def file(self, relative: str) -> Path:
        """A file that `experiment.toml` names (absolute paths are allowed: videos often live on another disk)."""
        return self.root / relative

    def folder(self, recording: str) -> Path:
        """The folder of a recording's results. The name is looked up, so that no foreign text becomes a path."""
        return self.root / "recordings" / self.recording(recording).name

    def detections_folder(self, recording: str, camera: str) -> Path:
        """Holds ``part-<first>-<stop>.parquet`` of one camera (schema `DETECTIONS`, file metadata `image_size`)."""
        return self.folder(recording) / "detections" / self._camera(camera)

    def tracks_path(self, recording: str, camera: str) -> Path:
        """The tracks of one camera (schema `TRACKS`)."""
        return self.folder(recording) / "tracks" / f"{self._camera(camera)}.parquet"

    def trajectories_path(self, recording: str) -> Path:
        """The animals in the world (schema `TRAJECTORIES`, file metadata `unit`)."""
        return self.folder(recording) / "trajectories.parquet"

    def results_folder(self, recording: str, plugin: str) -> Path:
        """Where a plugin writes; `plugin` is its own name, never text from elsewhere."""
        return self.folder(recording) / "results" / plugin

    def _camera(self, name: str) -> str:
        if name not in self.camera_names:
            raise SkeinError(f"No camera named {name!r}; there are {', '.join(self.camera_names) or 'none'}.")
        return name


def written(root: str | Path) -> str:
    """The text of the `experiment.toml` in a folder.

    Raises
    ------
    InvalidExperiment
        If it is not text.
    SkeinError
        If there is none, or it cannot be read.
    """
    folder = Path(root)
    path = folder / CONFIGURATION
    if folder.is_file():
        raise SkeinError(f"{root} is a file: expected the folder of an experiment.")
    if not path.is_file():
        raise SkeinError(f"No experiment in {root}: expected a file {CONFIGURATION}. `skein init {root}` makes one.")
    try:
        return readable(path.read_bytes(), CONFIGURATION)
    except OSError as error:
        raise SkeinError(f"{path} cannot be read: {error.strerror or error}.") from error


def parse(text: str, file: str) -> Configuration:
    """Validate the text of an `experiment.toml`; every problem is reported with file, key and what was expected."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidExperiment([f"{file}: this is not valid TOML: {_plain(error)}"]) from error
    try:
        return Configuration.model_validate(data)
    except ValidationError as error:
        # Pydantic compares entries with each other only where each is valid by itself.
        together = [f"{file}: {problem}" for problem in inconsistencies(data)]
        raise InvalidExperiment(list(dict.fromkeys([*explain(error, file, data, Configuration), *together]))) from error


def _plain(error: tomllib.TOMLDecodeError) -> str:
    """The parser's complaint about the end of a line inside a text names a character that nobody sees."""
    return str(error).replace("Illegal character '\\n'", "a text in quotes is not closed")
