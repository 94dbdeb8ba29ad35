"""What this computer may use for jobs: `settings.toml` in Skein's home."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import Field, ValidationError, field_validator

from pipeline.errors import InvalidExperiment
from pipeline.experiment.explaining import explain
from pipeline.files import home, write_text
from pipeline.types.entry import Entry


class Settings(Entry):
    """Resources for jobs. A file that is not there means the defaults."""

    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        title="Processes per job",
        description="processes that one job fans out to",
    )
    cluster: str | None = Field(None, title="Cluster", description="address of a Dask scheduler, e.g. tcp://node1:8786")
    slots: int = Field(
        1, ge=1, title="Jobs at a time", description="jobs that run at a time; each fans out over all workers"
    )
    light_slots: int = Field(
        2, ge=1, title="Light jobs beside them", description="light jobs (about one core each) that run beside those"
    )
    gpus: list[str] | None = Field(
        None, title="GPUs", description="GPUs that jobs may use, e.g. ['0', '1']; default: all found"
    )
    idle_s: float = Field(
        60.0, ge=0, title="End when idle", description="the supervisor ends after this many seconds without work, s"
    )

    @field_validator("cluster")
    @classmethod
    def _address(cls, cluster: str | None) -> str | None:
        if cluster is not None and not re.match(r"(tcp|tls|ws|wss)://.", cluster):
            raise ValueError(f"expected an address like tcp://node1:8786, got {cluster!r}")
        return cluster

    @property
    def devices(self) -> tuple[str, ...]:
        """GPUs by the names that ``CUDA_VISIBLE_DEVICES`` takes."""
        return tuple(self.gpus) if self.gpus is not None else _found_gpus()


def settings_path() -> Path:
    """Where the settings are kept."""
    return home() / "settings.toml"


def read_settings() -> Settings:
    """The settings of this computer.

    Raises
    ------
    InvalidExperiment
        All problems of the file at once.
    """
    path = settings_path()
    return _validated(path.read_text(encoding="utf-8") if path.is_file() else "", path.name)


def write_settings(values: dict[str, Any]) -> Settings:
    """Change some settings (None removes one); a person's comments in the file are kept.

    Raises
    ------
    InvalidExperiment
        If the result would not be valid; then nothing is written.
    """
    path = settings_path()
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else tomlkit.document()
    for key, value in values.items():
        if value is None:
            document.pop(key, None)
        else:
            document[key] = value
    text = tomlkit.dumps(document)
    settings = _validated(text, path.name)
    write_text(path, text)
    return settings


def _validated(text: str, file: str) -> Settings:
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidExperiment([f"{file}: this is not valid TOML: {error}"]) from error
    except ValidationError as error:
        raise InvalidExperiment(explain(error, file, model=Settings)) from error


def _found_gpus() -> tuple[str, ...]:
    """NVIDIA's own listing, limited to what ``CUDA_VISIBLE_DEVICES`` allows already."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return tuple(name for name in allowed.split(",") if name)
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listing = subprocess.run(
            [program, "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(listing.stdout.split()) if listing.returncode == 0 else ()
