"""What pages and callbacks ask for; plain methods that tests call without a browser."""

import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from dashboard.components.states import Status
from dashboard.library import Library, Opened
from dashboard.media import Media
from dashboard.page import Page, Place, Theme, View
from dashboard.settings import Settings
from dashboard.states import Cell, ResultCache, examined, newest, with_job, without_source
from pipeline import registry
from pipeline.api import Experiment, Job, SkeinError
from pipeline.jobs.ledger import ACTIVE, JobRow, Ledger, State
from pipeline.jobs.state import Known
from pipeline.jobs.submission import submit_stale
from pipeline.jobs.supervisor import ensure_supervisor

START = "overview"
LOG_BLOCK = 64 * 1024
_PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
_CANNOT = {
    "cancel": "they have ended already",
    "retry": "only failed and cancelled jobs are tried again",
    "sooner": "only waiting jobs have a place in the queue",
    "later": "only waiting jobs have a place in the queue",
}
_TEND_S = 15.0
_EVERY_JOB = 100_000


class Services:
    """The open experiments, their states and the jobs, for one dashboard.

    Parameters
    ----------
    settings
        How the dashboard was started.

    Attributes
    ----------
    pages
        The pages there are, in the order of the rail (set by `create_app`).
    page_errors
        Why a page cannot be shown, by plugin (of a core page, by its reference).
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library(settings.folders, settings.roots)
        self.pages: dict[str, Page] = {}
        self.page_errors: dict[str, str] = {}
        self.media = Media()
        self._results = ResultCache()
        self._rows: dict[Path, tuple[int, dict[Cell, JobRow]]] = {}
        self._tended = float("-inf")

    @cached_property
    def ledger(self) -> Ledger:
        """The queue that the CLI, too, writes into."""
        return Ledger()

    @property
    def jobs(self) -> dict[str, Job]:
        """Every job by name, in the order of the data's way."""
        return registry.jobs()

    @property
    def stages(self) -> dict[str, Job]:
        """The jobs that are steps of the data's way."""
        return {name: job for name, job in self.jobs.items() if job.stage}

    # --- what is looked at

    def view(self, shown: dict[str, Any] | None) -> View:
        """The view that the browser shows, from the content of :data:`dashboard.api.VIEW`."""
        shown = shown or {}
        return self.view_at(Place.of(shown.get("href", "/")), shown.get("theme", "light"))

    def view_at(self, place: Place, theme: Theme = "light") -> View:
        """The view that a URL describes; names in it are looked up, and defaults stand in for absent ones."""
        keys = self.library.keys
        page = place.page or START
        key = place.experiment or self.library.first()
        if key is None:
            return View(None, None, place.query, page, None, theme)
        opened = self.library.get(key)
        if opened is None:
            problem = f"No experiment {key!r} is open here; there are {', '.join(keys) or 'none'}."
            return View(None, None, place.query, page, None, theme, (problem,))
        if opened.experiment is None:
            return View(None, None, place.query, page, key, theme, opened.problems)
        names = opened.experiment.recording_names
        recording = place.recording or (names[0] if names else None)
        if recording is not None and recording not in names:
            problem = f"{opened.title} has no recording {recording!r}; there are {', '.join(names[:10]) or 'none yet'}."
            return View(opened.experiment, None, place.query, page, key, theme, (problem,))
        return View(opened.experiment, recording, place.query, page, key, theme)

    def opened(self, key: str | None) -> Opened:
        """The open experiment of that key, or an error that says which there are."""
        opened = self.library.get(key or "")
        if opened is None:
            raise SkeinError(f"No experiment {key!r} is open here; there are {', '.join(self.library.keys) or 'none'}.")
        return opened

    def experiment(self, key: str | None) -> Experiment:
        """The experiment of that key, or an error with its problems."""
        opened = self.opened(key)
        if opened.experiment is None:
            raise SkeinError("\n".join(opened.problems))
        return opened.experiment

    # --- states

    def page(self, name: str) -> Page | None:
        """The page of that name, or None."""
        return self.pages.get(name)

    def revision(self) -> str:
        """Changes whenever a job does, or when a recording's videos have been looked through; cheap."""
        return f"{self.ledger.revision()}.{self.media.version}"

    def files_stamp(self, key: str | None) -> str:
        """Changes whenever the `experiment.toml` of an open experiment does, or when one is opened or closed."""
        return self.library.stamp(key)

    def states(self, experiment: Experiment, recordings: Iterable[str] | None = None) -> dict[Cell, Status]:
        """State of each stage, of the experiment and of the given recordings (default: all)."""
        rows = self._newest(experiment.root)
        known: Known = {}
        names: list[str | None] = [None, *(experiment.recording_names if recordings is None else recordings)]
        results = {
            (job, name): result
            for name in names
            for job, result in self._results.of(experiment, name, self.stages, known).items()
        }
        return {cell: with_job(result, rows.get(cell)) for cell, result in without_source(results, self.stages).items()}

    def state(self, view: View, job: str) -> Status:
        """State of one job for the chosen recording (or of the experiment, for a job of the whole experiment)."""
        if view.experiment is None or job not in self.jobs:
            return Status()
        recording = view.recording if self.jobs[job].scope == "recording" else None
        if recording is None and self.jobs[job].scope == "recording":
            return Status()
        if job in self.stages:
            return self.states(view.experiment, [recording] if recording else []).get((job, recording), Status())
        result = examined(view.experiment, self.jobs[job], recording, self.jobs, {})
        return with_job(result, self._newest(view.experiment.root).get((job, recording)))

    def last_job(self, experiment: Experiment, job: str, recording: str | None) -> int | None:
        """Number of the job that was last asked for at one place, or None."""
        row = self._newest(experiment.root).get((job, recording))
        return row.id if row else None

    def _newest(self, folder: Path) -> dict[Cell, JobRow]:
        """The newest job of each cell, read again only when a job has changed."""
        revision = self.ledger.revision()
        known = self._rows.get(folder)
        if known is None or known[0] != revision:
            known = (revision, newest(self.every_job(folder, None)))
            self._rows[folder] = known
        return known[1]

    # --- files

    def proxy(self, experiment: Experiment, recording: str, camera: str) -> Path:
        """The browser's copy of a camera's video.

        Raises
        ------
        SkeinError
            Where it has not been made yet.
        """
        if camera not in experiment.camera_names:
            raise SkeinError(f"No camera named {camera!r}; there are {', '.join(experiment.camera_names)}.")
        path = experiment.folder(recording) / "proxies" / f"{camera}.mp4"
        if not path.is_file():
            raise SkeinError(f"There is no browser copy of {camera}'s video in {recording} yet.")
        return path

    def calibration_picture(self, experiment: Experiment, name: str) -> Path:
        """A picture that `calibrate` made, by its path below ``calibration/`` as listed there."""
        folder = experiment.root / "calibration"
        known = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in _PICTURES}
        if name not in known:
            raise SkeinError(f"There is no picture {name[:80]!r} among the {len(known)} of this calibration.")
        return known[name]

    def export(
        self, experiment: Experiment, what: str, kind: str, folder: Path, recordings: list[str] | None = None
    ) -> list[Path]:
        """Write an export into a folder.

        Raises
        ------
        SkeinError
            If there is no such export or format, or nothing to export yet.
        """
        from pipeline.export import export

        return export(experiment, what, kind, folder, recordings)

    # --- jobs

    def submit(
        self,
        experiment: Experiment,
        job: str,
        recordings: Iterable[str | None],
        values: dict[str, Any],
        priority: int = 0,
    ) -> list[int]:
        """Queue a job for some recordings; all parameters are checked before the first is queued.

        Raises
        ------
        InvalidExperiment
            One line per parameter that does not fit.
        """
        declared = registry.job(job)
        checked = declared.validated({**experiment.configuration.parameters.get(job, {}), **values})
        given = checked.model_dump(mode="json", exclude_unset=True)
        names = list(recordings) if declared.scope == "recording" else [None]
        ids = [self.ledger.submit(declared, experiment, name, given, priority=priority) for name in names]
        ensure_supervisor()
        return ids

    def submit_stale(self, experiment: Experiment, recordings: list[str] | None = None) -> list[int]:
        """Queue everything that is missing or stale, in order."""
        ids = submit_stale(self.ledger, experiment, self.jobs, recordings)
        if ids:
            ensure_supervisor()
        return ids

    def tend(self) -> None:
        """Make sure that somebody runs what is queued; cheap enough for every tick of every page."""
        now = time.monotonic()
        if now - self._tended < _TEND_S:
            return
        self._tended = now
        if self.ledger.count(states=ACTIVE):
            ensure_supervisor()

    def cancel_of(self, experiment: Experiment, recordings: Iterable[str]) -> int:
        """Cancel all waiting and running jobs of some recordings; how many there were."""
        names = set(recordings)
        rows = self.ledger.rows(experiment.root, ACTIVE, limit=_EVERY_JOB)
        ids = [row.id for row in rows if row.recording in names]
        for job_id in ids:
            self.ledger.cancel(job_id)
        return len(ids)

    def every_job(self, folder: Path | None, states: Iterable[State] | None) -> list[JobRow]:
        """All jobs of an experiment's folder (None: of all) in some states (None: any), newest first."""
        return self.ledger.rows(folder, states, limit=_EVERY_JOB)

    def act_on_jobs(self, action: str, ids: Iterable[int]) -> str:
        """Do something with many jobs; a sentence on what was done.

        Parameters
        ----------
        action
            ``cancel`` (those that wait or run), ``retry`` (those that failed or were cancelled), ``sooner`` or
            ``later`` (those that wait).
        """
        fitting = {"cancel": {"queued", "running"}, "retry": {"failed", "cancelled"}}.get(action, {"queued"})
        rows = [row for row in map(self.ledger.row, ids) if row.state in fitting]
        for row in rows:
            if action == "cancel":
                self.ledger.cancel(row.id)
            elif action == "retry":
                self.ledger.retry(row.id)
            else:
                self.ledger.prioritise(row.id, row.priority + (1 if action == "sooner" else -1))
        if action == "retry" and rows:
            ensure_supervisor()
        done = {"cancel": "being cancelled; what they have done stays", "retry": "queued again"}
        words = done.get(action, f"to run {action}")
        return (
            f"{len(rows)} {'job is' if len(rows) == 1 else 'jobs are'} {words}."
            if rows
            else f"None of them can be: {_CANNOT[action]}."
        )

    def running(self) -> list[JobRow]:
        """The jobs that run now; cheap however many wait."""
        return self.ledger.rows(states=("running",), limit=_EVERY_JOB)

    def others(self, experiment: Experiment) -> list[JobRow]:
        """Running jobs of an experiment that are not stages (the rendering of a demo, browser videos)."""
        rows = self.ledger.rows(experiment.root, ("running",), limit=_EVERY_JOB)
        return [row for row in rows if row.job not in self.stages]

    def active(self) -> list[JobRow]:
        """Running jobs, then queued ones."""
        rows = self.ledger.rows(states=("running", "queued"), limit=_EVERY_JOB)
        return sorted(rows, key=lambda row: (row.state != "running", -row.priority, row.id))

    def finished(self, limit: int) -> list[JobRow]:
        """The jobs that ended last."""
        rows = self.ledger.rows(states=("done", "failed", "cancelled"), limit=limit)
        return sorted(rows, key=lambda row: -row.id)

    def retry(self, job_id: int) -> None:
        """Queue a failed or cancelled job again."""
        self.ledger.retry(job_id)
        ensure_supervisor()

    def log(self, job_id: int, offset: int = -1) -> tuple[str, int]:
        """Part of a job's log.

        Parameters
        ----------
        offset
            Byte to read from; negative: the last block.

        Returns
        -------
        text, offset
            What has been written since, and where to read on.
        """
        return read_tail(Path(self.ledger.log_path(job_id)), offset)


def read_tail(path: Path, offset: int = -1) -> tuple[str, int]:
    """The text of a growing file from a byte offset on (negative: its last block), and the offset to read on from."""
    try:
        size = path.stat().st_size
    except OSError:
        return "", max(offset, 0)
    start = max(0, size - LOG_BLOCK) if offset < 0 or offset > size else offset
    with path.open("rb") as handle:
        handle.seek(start)
        block = handle.read(LOG_BLOCK)
    if start + len(block) < size or not block.endswith(b"\n"):  # leave a cut line for the next call
        block = block[: block.rfind(b"\n") + 1] or block
    return block.decode("utf-8", "replace"), start + len(block)
