"""All jobs and plugins there are: the core stages, then installed plugins.

A plugin is found by its entry point in the group ``skein.plugins``. One that cannot be loaded is kept with its
error, and the rest works.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

import pyarrow as pa

from pipeline.calibration.job import JOB as CALIBRATE
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.formats.job import JOB as EXPORT
from pipeline.jobs.declaration import Job, resolve
from pipeline.reconstruction.job import JOB as RECONSTRUCT
from pipeline.segmentation.job import JOB as SEGMENT
from pipeline.tracking.job import JOB as TRACK
from pipeline.video.job import JOB as PROXY

API_VERSION = 1
GROUP = "skein.plugins"
_CORE = (CALIBRATE, SEGMENT, TRACK, RECONSTRUCT)
_LAST = (PROXY, EXPORT)


@dataclass(frozen=True)
class Export:
    """Tables that a person can take away.

    Parameters
    ----------
    name
        Value of ``skein export --what``.
    title, help
        As shown to people.
    tables
        ``"module:function"``, called with an experiment and a recording's name; returns a table per name. Columns carry
        ``unit`` and ``definition`` in their metadata; the table's metadata may carry more under ``skein``, as JSON.
        A large table comes as a `RecordBatchReader`, so that it is never whole in memory.
    job
        Name of the job whose result it is: its provenance and that of all jobs before it go into every file.
    """

    name: str
    title: str
    help: str
    tables: str
    job: str

    @property
    def function(self) -> Callable[[Experiment, str], dict[str, pa.Table | pa.RecordBatchReader]]:
        """The function behind `tables`."""
        return resolve(self.tables)


_EXPORTS = (
    Export(
        "trajectories", "Trajectories", "One row per animal and frame, in the world.", "pipeline.export:trajectories",
        "reconstruct",
    ),
    Export(
        "tracks", "Tracks", "One row per track and frame of each camera, in pixels.", "pipeline.export:tracks", "track"
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Plugin:
    """What a plugin adds, as plain data.

    Parameters
    ----------
    name
        Unique; its results lie in ``results/<name>``.
    jobs
        Analyses are jobs like any other.
    exports
        Tables for ``skein export`` and the export page.
    page
        ``"module:PAGE"`` of a :class:`dashboard.api.Page`, resolved only inside the dashboard.
    api_version
        The version of :mod:`pipeline.api` that it was written for.
    """

    name: str
    title: str
    jobs: tuple[Job, ...] = ()
    exports: tuple[Export, ...] = ()
    page: str | None = None
    api_version: int = API_VERSION


@dataclass(frozen=True)
class PluginState:
    """A discovered plugin, or why it does not work."""

    name: str
    source: str
    plugin: Plugin | None
    error: str | None = None


@cache
def plugins() -> tuple[PluginState, ...]:
    """Every installed plugin, Skein's own first."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (not point.value.startswith("plugins."), point.name))
    states: list[PluginState] = []
    taken = {job.name for job in (*_CORE, *_LAST)} | {f"export {export.name}" for export in _EXPORTS}
    for point in found:
        try:
            plugin = point.load()
            _check(plugin, taken)
        except Exception as error:  # noqa: BLE001 - a plugin can fail in any way; the rest must work
            states.append(PluginState(point.name, point.value, None, f"{type(error).__name__}: {error}"))
        else:
            taken |= _names(plugin)
            states.append(PluginState(plugin.name, point.value, plugin))
    return tuple(states)


def _check(plugin: object, taken: set[str]) -> None:
    if not isinstance(plugin, Plugin):
        raise SkeinError(f"expected a pipeline.api.Plugin, got {type(plugin).__name__}")
    if plugin.api_version != API_VERSION:
        raise SkeinError(f"written for API version {plugin.api_version}, this Skein has {API_VERSION}")
    clash = taken & _names(plugin)
    if clash:
        raise SkeinError(f"its {sorted(clash)[0]!r} has a name that is taken")


def _names(plugin: Plugin) -> set[str]:
    return {job.name for job in plugin.jobs} | {f"export {export.name}" for export in plugin.exports}


@cache
def jobs() -> dict[str, Job]:
    """Every job by name, in the order of the data's way: each after those whose results it reads."""
    extra = [job for state in plugins() if state.plugin for job in state.plugin.jobs]
    declared = {job.name: job for job in (*_CORE, *extra, *_LAST)}
    ordered: dict[str, Job] = {}

    def place(job: Job, waiting: tuple[str, ...] = ()) -> None:
        for name in (*job.requires, *job.uses):
            if name in declared and name not in (
                *ordered,
                *waiting,
            ):  # plugins that wait for each other stay as they are
                place(declared[name], (*waiting, job.name))
        ordered.setdefault(job.name, job)

    for job in declared.values():
        place(job)
    return ordered


def job(name: str) -> Job:
    """The job of that name, or an error that lists the names there are."""
    try:
        return jobs()[name]
    except KeyError:
        raise SkeinError(f"No job named {name!r}; there are {', '.join(jobs())}.") from None


def exports() -> dict[str, Export]:
    """Every export by name."""
    extra = [export for state in plugins() if state.plugin for export in state.plugin.exports]
    return {export.name: export for export in (*_EXPORTS, *extra)}
