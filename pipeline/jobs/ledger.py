"""The ledger: every job that was ever asked for, in SQLite on this computer's own disk.

The dashboard and the command line insert rows and ask for changes; only the supervisor starts processes. Rows survive
whatever is killed.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import home
from pipeline.jobs.declaration import Job
from pipeline.jobs.parameters import resolve_parameters
from pipeline.jobs.schema import up_to_date

State = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE: tuple[State, ...] = ("queued", "running")

_ROW = (
    "SELECT jobs.*, (SELECT group_concat(after) FROM dependencies WHERE dependencies.job = jobs.id) AS after FROM jobs"
)


@dataclass(frozen=True)
class JobRow:
    """One job as the ledger knows it.

    Parameters
    ----------
    parameters
        Those given explicitly; the others come from `experiment.toml` and the defaults when the job starts.
    after
        Ids of jobs that must be done first.
    attempts
        Processes started so far (since the last retry by a person).
    done, total, message, eta_s
        Progress in the job's own unit, what it is doing, and the estimated time that is left, s.
    error
        One sentence for people, where it failed.
    cancelling
        True from the moment a running job was asked to stop.
    devices
        GPUs that its attempt occupies.
    reads
        Names of the jobs whose results it reads.
    folder
        Number of its latest attempt's folder; 0 before the first.
    """

    id: int
    job: str
    title: str
    experiment: str
    recording: str | None
    parameters: dict[str, Any]
    state: State
    priority: int
    after: tuple[int, ...]
    attempts: int
    max_attempts: int
    created: datetime
    started: datetime | None
    finished: datetime | None
    done: float | None
    total: float | None
    message: str
    eta_s: float | None
    error: str | None
    entry: str
    python_path: tuple[str, ...]
    reads: tuple[str, ...]
    gpu: int
    light: bool
    devices: tuple[str, ...]
    cancelling: bool
    folder: int

    @property
    def active(self) -> bool:
        """True while it waits or runs."""
        return self.state in ACTIVE

    @property
    def fraction(self) -> float | None:
        """Progress from 0 to 1, or None where it is not known."""
        return min(self.done / self.total, 1.0) if self.done is not None and self.total else None


class Ledger:
    """Rows of jobs. Cheap to make; safe to use from any thread and process of one computer.

    Parameters
    ----------
    path
        The database; by default the one in Skein's home.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "ledger.sqlite"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._reading() as database:
            up_to_date(database)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start."""
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        database.row_factory = sqlite3.Row
        try:
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.rollback()
                raise
            database.commit()
        finally:
            database.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        database.row_factory = sqlite3.Row
        try:
            yield database
        finally:
            database.close()

    def submit(
        self,
        job: Job,
        experiment: Experiment,
        recording: str | None = None,
        parameters: dict[str, Any] | None = None,
        *,
        after: Sequence[int] = (),
        priority: int = 0,
        max_attempts: int = 3,
    ) -> int:
        """Queue a job; call :func:`pipeline.jobs.supervisor.ensure_supervisor` afterwards, so that someone runs it.

        It also waits for every queued or running job whose result it needs.

        Parameters
        ----------
        parameters
            Explicit values; they win over `experiment.toml`, which wins over the defaults.
        after
            Ids of further jobs that must be done first.
        priority
            Higher runs earlier.
        max_attempts
            How often it is started in all when its process is killed.

        Returns
        -------
        int
            The id of the new row.

        Raises
        ------
        SkeinError
            If the recording, a parameter or a job in `after` does not exist or fit.
        """
        with self.submitting() as submit:
            return submit(
                job, experiment, recording, parameters, after=after, priority=priority, max_attempts=max_attempts
            )

    @contextmanager
    def submitting(self) -> Iterator[Callable[..., int]]:
        """Give a function like :meth:`submit` for many jobs at once: all of them are queued, or none."""
        python_path = json.dumps(_own_path())
        with self.transaction() as database:

            def submit(
                job: Job,
                experiment: Experiment,
                recording: str | None = None,
                parameters: dict[str, Any] | None = None,
                *,
                after: Sequence[int] = (),
                priority: int = 0,
                max_attempts: int = 3,
            ) -> int:
                values = {
                    **_described(job, experiment, recording, dict(parameters or {})),
                    "python_path": python_path, "priority": priority, "max_attempts": max_attempts,
                    "created": time.time(),
                }  # fmt: skip
                needed = {*after, *_upstream(database, job, values["experiment"], values["recording"])}
                if unknown := sorted(needed - _ids(database, needed)):
                    raise SkeinError(f"There is no job {unknown[0]} that {job.name!r} could wait for.")
                marks = ", ".join(f":{name}" for name in values)
                inserted = database.execute(f"INSERT INTO jobs ({', '.join(values)}) VALUES ({marks})", values)
                identity = int(inserted.lastrowid or 0)
                database.executemany("INSERT INTO dependencies VALUES (?, ?)", [(identity, other) for other in needed])
                return identity

            yield submit

    def row(self, identity: int) -> JobRow:
        """One job, or an error if there is none of that id."""
        with self._reading() as database:
            found = database.execute(f"{_ROW} WHERE id = ?", (identity,)).fetchone()
        if found is None:
            raise SkeinError(f"There is no job {identity}; `skein jobs` lists them.")
        return _row(found)

    def rows(
        self,
        experiment: str | Path | None = None,
        states: Iterable[State] | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> list[JobRow]:
        """Jobs, newest first; of one experiment folder, or in some states only."""
        where, values = _filter(experiment, states)
        with self._reading() as database:
            found = database.execute(f"{_ROW}{where} ORDER BY id DESC LIMIT ? OFFSET ?", (*values, limit, offset))
            return [_row(row) for row in found]

    def count(self, experiment: str | Path | None = None, states: Iterable[State] | None = None) -> int:
        """Number of jobs that :meth:`rows` would give without a limit."""
        where, values = _filter(experiment, states)
        with self._reading() as database:
            return int(database.execute(f"SELECT count(*) FROM jobs{where}", values).fetchone()[0])

    def revision(self) -> int:
        """A number that grows with every change of any row."""
        with self._reading() as database:
            return int(database.execute("SELECT value FROM revision").fetchone()[0])

    def attempt_folder(self, row: JobRow) -> Path:
        """Where the latest attempt keeps its log and state."""
        return self.path.parent / "jobs" / str(row.id) / str(row.folder)

    def log_path(self, identity: int) -> Path:
        """The log of the latest attempt; the file need not exist yet."""
        return self.attempt_folder(self.row(identity)) / "log.txt"

    def cancel(self, identity: int) -> JobRow:
        """Cancel a job: at once if it waits; a running one is stopped by the supervisor."""
        with self.transaction() as database:
            self._known(database, identity)
            database.execute(
                "UPDATE jobs SET state = 'cancelled', finished = ? WHERE id = ? AND state = 'queued'",
                (time.time(), identity),
            )
            database.execute("UPDATE jobs SET cancelling = 1 WHERE id = ? AND state = 'running'", (identity,))
        return self.row(identity)

    def retry(self, identity: int) -> JobRow:
        """Queue a finished job again, and with it those that failed only because they waited for it."""
        with self.transaction() as database:
            self._known(database, identity)
            if database.execute("SELECT state FROM jobs WHERE id = ?", (identity,)).fetchone()[0] in ACTIVE:
                raise SkeinError(f"Job {identity} is waiting or running already.")
            waiting = [identity]
            while waiting:
                current = waiting.pop()
                database.execute(
                    "UPDATE jobs SET state = 'queued', attempts = 0, cancelling = 0, blocked = 0, started = NULL,"
                    " finished = NULL, done = NULL, total = NULL, message = '', eta_s = NULL, error = NULL"
                    " WHERE id = ?",
                    (current,),
                )
                blocked = database.execute(
                    "SELECT dependencies.job FROM dependencies JOIN jobs ON jobs.id = dependencies.job"
                    " WHERE after = ? AND state = 'failed' AND blocked",
                    (current,),
                )
                waiting.extend(row[0] for row in blocked)
        return self.row(identity)

    def prioritise(self, identity: int, priority: int) -> JobRow:
        """Set the priority; higher runs earlier."""
        with self.transaction() as database:
            self._known(database, identity)
            database.execute("UPDATE jobs SET priority = ? WHERE id = ?", (priority, identity))
        return self.row(identity)

    @staticmethod
    def _known(database: sqlite3.Connection, identity: int) -> None:
        if not _ids(database, {identity}):
            raise SkeinError(f"There is no job {identity}; `skein jobs` lists them.")


def _own_path() -> list[str]:
    """Folders from which this process imports and another Python process would not: a job may be declared there."""
    own = (sys.prefix, sys.base_prefix)
    folders = [Path(part).resolve() for part in sys.path]
    return [str(path) for path in folders if path.is_dir() and not any(path.is_relative_to(root) for root in own)]


def _ids(database: sqlite3.Connection, wanted: set[int]) -> set[int]:
    marks = ", ".join("?" * len(wanted))
    return {row[0] for row in database.execute(f"SELECT id FROM jobs WHERE id IN ({marks})", tuple(wanted))}


def _described(job: Job, experiment: Experiment, recording: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Columns that say what is to be done; raises where it does not fit."""
    resolve_parameters(job, experiment, given)
    if job.scope == "recording":
        if recording is None:
            raise SkeinError(f"{job.title} works on a recording: name one of {experiment.name}.")
        experiment.recording(recording)
    else:
        recording = None
    return {
        "job": job.name, "title": job.title, "entry": job.entry, "experiment": str(experiment.root),
        "recording": recording, "parameters": json.dumps(given, default=str),
        "reads": " ".join((*job.requires, *job.uses)), "gpu": job.gpu, "light": job.light,
    }  # fmt: skip


def _upstream(database: sqlite3.Connection, job: Job, experiment: str, recording: str | None) -> set[int]:
    """Waiting or running jobs whose result this one reads."""
    names = (*job.requires, *job.uses)
    wanted = f"SELECT id FROM jobs WHERE experiment = ? AND job IN ({', '.join('?' * len(names))})"
    active = " AND state IN ('queued', 'running')"
    if recording is None:
        found = database.execute(wanted + active, (experiment, *names)).fetchall()
    else:
        found = database.execute(
            f"{wanted} AND recording = ?{active} UNION {wanted} AND recording IS NULL{active}",
            (experiment, *names, recording, experiment, *names),
        ).fetchall()
    return {row[0] for row in found}


def _filter(experiment: str | Path | None, states: Iterable[State] | None) -> tuple[str, tuple[Any, ...]]:
    conditions, values = [], []
    if experiment is not None:
        conditions.append("experiment = ?")
        values.append(str(Path(experiment).resolve()))
    if states is not None:
        chosen = tuple(states)
        if unknown := set(chosen) - set(get_args(State)):
            raise SkeinError(f"No job state {sorted(unknown)[0]!r}; there are {', '.join(get_args(State))}.")
        conditions.append(f"state IN ({', '.join('?' * len(chosen))})")
        values.extend(chosen)
    return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), tuple(values)


def _row(row: sqlite3.Row) -> JobRow:
    values = dict(row)
    values.pop("blocked")
    for name in ("created", "started", "finished"):
        values[name] = None if values[name] is None else datetime.fromtimestamp(values[name], UTC)
    values["after"] = tuple(sorted(int(part) for part in values["after"].split(","))) if values["after"] else ()
    values["parameters"] = json.loads(values["parameters"])
    values["python_path"] = tuple(json.loads(values["python_path"]))
    values["reads"] = tuple(values["reads"].split())
    values["devices"] = tuple(filter(None, values["devices"].split(",")))
    return JobRow(**{**values, "light": bool(values["light"]), "cancelling": bool(values["cancelling"])})
