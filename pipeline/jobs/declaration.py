"""A job, declared once: from it come the CLI subcommand, the form in the browser and the validation of both."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any, Literal, Protocol, TypeVar

from pydantic import Field, ValidationError

from pipeline.errors import InvalidExperiment
from pipeline.experiment import Experiment
from pipeline.experiment.explaining import explain
from pipeline.types.entry import Entry

Item = TypeVar("Item")
Result = TypeVar("Result")


class Parameters(Entry):
    """Base of a job's parameter class: frozen, each field made by :func:`parameter`."""


def parameter(
    default: Any,
    help: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    advanced: bool = False,
) -> Any:
    """A field of a parameter class.

    Parameters
    ----------
    default
        Value where none is given; ``...`` makes it required.
    help
        One sentence for a biologist.
    unit
        Unit as shown: ``px``, ``s``, ``mm``.
    minimum, maximum
        Inclusive limits.
    advanced
        Folded away in the form.
    """
    return Field(
        default, description=help, ge=minimum, le=maximum, json_schema_extra={"unit": unit, "advanced": advanced}
    )


class Progress(Protocol):
    """Says how far a job is; cheap to call often (the runner writes at most twice a second)."""

    def __call__(self, done: float, total: float, message: str = "") -> None: ...


class Fanout(Protocol):
    """Runs a picklable function over items, on local processes or on a Dask cluster."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
        """Yield ``(index of the item, result)`` as they finish; the first exception cancels the rest and is raised."""
        ...


@dataclass(frozen=True)
class Context:
    """What a job's `run` is given."""

    experiment: Experiment
    recording: str | None
    progress: Progress
    fanout: Fanout
    note: Callable[[str], None]
    """Adds a sentence to the result's provenance (what was cut, lost or assumed); also logged."""


def no_inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """For jobs whose only inputs are the results of other jobs."""
    return {}


def always_needed(experiment: Experiment, recording: str | None) -> str | None:
    """For jobs that make sense in every experiment."""
    return None


@dataclass(frozen=True)
class Job:
    """A declared job.

    Parameters
    ----------
    name
        CLI subcommand and key, e.g. ``segment``.
    title, help
        As shown to people; `help` is one sentence.
    parameters
        The parameter class.
    run
        ``"module:function"``, resolved when the job starts, so that declaring a job imports nothing heavy. Called as
        ``run(context, parameters)``; it writes its outputs atomically, and the runner writes the provenance after it.
    entry
        ``"module:NAME"`` of this very declaration, by which a runner process finds it.
    scope
        ``recording``: one result per recording. ``experiment``: one for all.
    requires
        Jobs whose result must exist.
    uses
        Jobs whose result is used where it exists.
    produces
        Paths relative to the experiment folder, with ``{recording}``.
    inputs
        Fingerprints of everything else the result depends on (videos, parts of the configuration), by name.
    stage
        True for a step of the data's way, which ``skein run`` and the overview page include.
    gpu
        Number of GPUs that one attempt occupies (all there are, where the computer has fewer).
    light
        True for a job that uses about one core: it may run beside one that uses all.
    not_needed
        Why an experiment (or recording) can do without this job, in words, or None: "no camera has a
        calibration_video". ``skein run`` leaves it out then; asking for it by name still runs it.
    """

    name: str
    title: str
    help: str
    parameters: type[Parameters]
    run: str
    entry: str
    scope: Literal["experiment", "recording"] = "recording"
    requires: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    inputs: Callable[[Experiment, str | None], dict[str, str]] = field(default=no_inputs)
    stage: bool = True
    gpu: int = 0
    light: bool = False
    not_needed: Callable[[Experiment, str | None], str | None] = field(default=always_needed)

    @cached_property
    def function(self) -> Callable[[Context, Any], None]:
        """The function behind `run`."""
        return resolve(self.run)

    def validated(self, values: dict[str, Any], where: str = "") -> Parameters:
        """Parameters from raw values (a form, a command line, TOML); all problems at once.

        Raises
        ------
        InvalidExperiment
            One line per problem: the parameter, what was expected, what came.
        """
        try:
            return self.parameters.model_validate(values)
        except ValidationError as error:
            raise InvalidExperiment(explain(error, where or self.name, values, self.parameters)) from error


def resolve(reference: str) -> Any:
    """The object that ``"module:NAME"`` names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def loaded_late(module: str, references: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that loads each name at its first use, so that declaring a job loads nothing heavy.

    Parameters
    ----------
    module
        The module's own name, for the error.
    references
        ``"module:NAME"`` by the name it gets here.
    """

    def attribute(name: str) -> Any:
        if name not in references:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return resolve(references[name])

    return attribute
