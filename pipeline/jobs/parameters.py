"""Which value a parameter takes: explicit ones win over `experiment.toml`, which wins over the defaults."""

import json
from pathlib import Path
from typing import Any

from pipeline.experiment import Experiment, set_parameters
from pipeline.experiment.folder import CONFIGURATION
from pipeline.jobs.declaration import Job, Parameters


def resolve_parameters(job: Job, experiment: Experiment, explicit: dict[str, Any] | None = None) -> Parameters:
    """Every parameter of a job.

    Raises
    ------
    InvalidExperiment
        All problems at once; those of the file name its table.
    """
    configured = experiment.configuration.parameters.get(job.name, {})
    if not explicit:
        return job.validated(configured, f"{CONFIGURATION}: [parameters.{job.name}]" if configured else job.name)
    return job.validated({**configured, **explicit})


def configured_values(job: Job, experiment: Experiment) -> str:
    """What `[parameters.<job>]` changes of the defaults, as canonical JSON.

    It is kept with a result: the result is stale when the person has changed the file since, and not when the
    command line overrode the file, or when a default is spelled out.
    """
    configured = experiment.configuration.parameters.get(job.name, {})
    validated = job.validated(configured, f"{CONFIGURATION}: [parameters.{job.name}]")
    return json.dumps(validated.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


def configure(root: str | Path, job: Job, values: dict[str, Any]) -> Experiment:
    """Set parameters in `experiment.toml` (None: back to the default), if all of them fit the job.

    Raises
    ------
    InvalidExperiment
        All problems at once; then nothing is written.
    """
    configured = {**Experiment.open(root).configuration.parameters.get(job.name, {}), **values}
    job.validated({key: value for key, value in configured.items() if value is not None})
    return set_parameters(root, job.name, values)
