"""The declaration of `skein export`."""

from pathlib import PureWindowsPath
from typing import Literal

from pydantic import field_validator

from pipeline.jobs.declaration import Job, Parameters, parameter


class ExportParameters(Parameters):
    """Parameters of `export`."""

    what: str = parameter(
        "trajectories", "What to take away: trajectories, tracks, or a plugin's tables such as zones."
    )
    format: Literal["csv", "xlsx", "parquet", "mat", "movement", "mot"] = parameter(
        "csv", "File format; movement holds trajectories and tracks, mot holds tracks only."
    )
    folder: str = parameter("exports", "Where the files go, inside the experiment folder.")

    @field_validator("folder")
    @classmethod
    def _inside(cls, folder: str) -> str:
        path = PureWindowsPath(folder)  # knows both kinds of slashes
        if path.is_absolute() or path.drive or path.root or ".." in path.parts:
            raise ValueError(f"expected a folder inside the experiment, like exports/today, got {folder!r}")
        return folder


JOB = Job(
    name="export",
    title="Export",
    help="Write tables to files for other programs, with units and every parameter that shaped the numbers.",
    parameters=ExportParameters,
    run="pipeline.export:run",
    entry="pipeline.formats.job:JOB",
    scope="recording",
    stage=False,
    light=True,
)
