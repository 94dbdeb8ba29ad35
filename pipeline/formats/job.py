"""The declaration of `skein export`."""

from typing import Literal

from pipeline.jobs.declaration import Job, Parameters, parameter


class ExportParameters(Parameters):
    """Parameters of `export`."""

    what: str = parameter(
        "trajectories", "What to take away: trajectories, tracks, or a plugin's tables such as zones."
    )
    format: Literal["csv", "xlsx", "parquet", "mat", "movement", "mot"] = parameter(
        "csv", "File format; movement holds trajectories and tracks, mot holds tracks only."
    )
    folder: str = parameter("exports", "Where the files go; a relative path starts from the experiment folder.")


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
