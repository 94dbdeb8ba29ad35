"""The process that starts and follows attempts: one per computer, started when needed, gone when idle.

It holds nothing that is not in the ledger or the attempts' folders: killed at any moment, its successor finds the
running attempts by their `pid.json` and goes on.
"""

import json
import logging
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import pipeline
from pipeline.errors import SkeinError
from pipeline.files import home, write_json
from pipeline.jobs import transitions
from pipeline.jobs.ledger import ACTIVE, JobRow, Ledger
from pipeline.jobs.process import boot_id, detached, end_group, find, identity
from pipeline.jobs.settings import Settings, read_settings, settings_path

POLL_S = 0.1
GRACE_S = 0.7
START_S = 60.0
RESERVE = 1 << 16  # bytes that an attempt gives back at its end, to say on a full disk why it failed


class Supervisor:
    """Brings rows of the ledger and processes into agreement, one :meth:`step` at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.settings = Settings.model_validate({})
        self._settings_time: float | None = -1.0
        self._children: dict[tuple[int, int], tuple[subprocess.Popen[bytes], dict[str, Any]]] = {}
        self._stopping: dict[tuple[int, int], float] = {}
        self._progress_time: dict[int, int] = {}
        self._progress_updates = 0
        self._scheduled = -1

    def step(self) -> bool:
        """Take in what happened and start what can start; True while anything waits or runs."""
        self._read_settings()
        for row in self.ledger.rows(states=["running"], limit=1000):
            self._follow(row)
        changes = self.ledger.revision() - self._progress_updates
        if changes != self._scheduled:  # thousands may wait: look at them only when something may start
            self._scheduled = changes
            transitions.fail_blocked(self.ledger)
            self._start_waiting()
        return self.ledger.count(states=ACTIVE) > 0

    def _read_settings(self) -> None:
        path = settings_path()
        changed = path.stat().st_mtime if path.is_file() else None
        if changed == self._settings_time:
            return
        self._settings_time = changed
        try:
            self.settings = read_settings()
        except SkeinError as error:
            logging.warning("The settings cannot be used, the earlier ones stay: %s", error)
        self.devices = self.settings.devices
        self._scheduled = -1

    def _follow(self, row: JobRow) -> None:
        folder = self.ledger.attempt_folder(row)
        ended = _read(folder / "done.json")
        alive = ended is None and self._alive(row, folder)
        if ended is None and not alive:
            ended = _read(folder / "done.json") or {"outcome": "killed", "error": None}
        if ended is not None:
            self._end(row, folder, ended)
            return
        self._take_progress(row, folder / "progress.json")
        if row.cancelling:
            self._stop(row, folder)

    def _alive(self, row: JobRow, folder: Path) -> bool:
        child = self._children.get((row.id, row.folder))
        if child is not None:
            return child[0].poll() is None
        known = _read(folder / "pid.json")
        if known is None:  # begun by a supervisor that died just then: its runner may be about to say who it is
            return row.started is not None and time.time() - row.started.timestamp() < START_S
        return find(known) is not None

    def _identity(self, row: JobRow, folder: Path) -> dict[str, Any] | None:
        child = self._children.get((row.id, row.folder))
        return child[1] if child is not None else _read(folder / "pid.json")

    def _take_progress(self, row: JobRow, path: Path) -> None:
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if self._progress_time.get(row.id) != changed and (progress := _read(path)) is not None:
            self._progress_updates += transitions.take_progress(self.ledger, row, **progress)
            self._progress_time[row.id] = changed

    def _stop(self, row: JobRow, folder: Path) -> None:
        """Ask at first, kill after a grace time."""
        known = self._identity(row, folder)
        if known is None:
            return
        asked = self._stopping.get((row.id, row.folder))
        if asked is None:
            end_group(known)
            self._stopping[row.id, row.folder] = time.monotonic()
        elif time.monotonic() - asked > GRACE_S:
            end_group(known, kill=True)

    def _end(self, row: JobRow, folder: Path, ended: dict[str, Any]) -> None:
        self._take_progress(row, folder / "progress.json")
        known = self._identity(row, folder)
        if known is not None:
            end_group(known, kill=True)  # workers that outlived their runner must not write beside the next attempt
        child = self._children.pop((row.id, row.folder), None)
        if child is not None:
            child[0].wait()
        self._stopping.pop((row.id, row.folder), None)
        outcome, error = ended["outcome"], ended["error"]
        if outcome != "done" and row.cancelling:
            transitions.end_attempt(self.ledger, row, "cancelled")
        elif outcome != "killed":
            transitions.end_attempt(self.ledger, row, outcome, error)
        else:
            self._retry(row, folder, error)
        logging.info("job %d, attempt %d: %s", row.id, row.attempts, outcome)

    def _retry(self, row: JobRow, folder: Path, error: str | None) -> None:
        known = _read(folder / "pid.json")
        if known is None:
            (folder / "abandoned").touch()
        went_down = known is not None and known["boot"] != boot_id()
        why = error or ("The computer was restarted." if went_down else "Its process was killed.")
        if went_down or row.attempts < row.max_attempts:
            message = f"{why} Attempt {row.attempts + (not went_down)} of {row.max_attempts} follows."
            transitions.requeue(self.ledger, row, message, counts=not went_down)
        else:
            times = "once" if row.attempts == 1 else f"{row.attempts} times"
            transitions.end_attempt(
                self.ledger,
                row,
                "failed",
                f"{why} It was tried {times} and is given up; the log shows how far it came.",
            )

    def _start_waiting(self) -> None:
        running = self.ledger.rows(states=["running"], limit=1000)
        for row in transitions.ready(self.ledger):
            if not any(self._free(light, running) for light in (False, True)):
                return
            devices = self._place(row, running)
            if devices is not None and self._start(row, devices):
                running.append(self.ledger.row(row.id))

    def _place(self, row: JobRow, running: list[JobRow]) -> list[str] | None:
        """GPUs for a row, or None where it has to wait for a slot, a GPU or another job on the same results."""
        if not self._free(row.light, running):
            return None
        if any(_interfere(row, other) for other in running):
            return None
        taken = {device for other in running for device in other.devices}
        free = [device for device in self.devices if device not in taken]
        wanted = min(row.gpu, len(self.devices))
        return free[:wanted] if len(free) >= wanted else None

    def _free(self, light: bool, running: list[JobRow]) -> bool:
        slots = self.settings.light_slots if light else self.settings.slots
        return sum(other.light == light for other in running) < slots

    def _start(self, row: JobRow, devices: list[str]) -> bool:
        if not transitions.begin_attempt(self.ledger, row, devices):
            return False
        row = self.ledger.row(row.id)
        folder = self.ledger.attempt_folder(row)
        task = {
            "entry": row.entry, "title": row.title, "experiment": row.experiment, "recording": row.recording,
            "parameters": row.parameters, "python_path": row.python_path, "attempt": row.attempts,
        }  # fmt: skip
        environment = own_environment() | {"CUDA_VISIBLE_DEVICES": ",".join(devices), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "pipeline.jobs.runner", str(folder)]
        try:
            write_json(folder / "job.json", task)
            (folder / "reserve").write_bytes(bytes(RESERVE))
            child = detached(command, folder / "log.txt", environment, folder)
        except (SkeinError, OSError) as error:
            transitions.end_attempt(self.ledger, row, "failed", f"It could not be started: {error}")
            return False
        self._children[row.id, row.folder] = (child, identity(child.pid))
        logging.info("job %d, attempt %d: %s started as process %d", row.id, row.attempts, row.job, child.pid)
        return True


def _interfere(row: JobRow, other: JobRow) -> bool:
    """Whether both write the same result, or one would read what the other is writing."""
    places = {row.recording, other.recording} - {None}  # None: of the whole experiment
    if row.experiment != other.experiment or len(places) == 2:
        return False
    return row.job == other.job or row.job in other.reads or other.job in row.reads


def ensure_supervisor() -> None:
    """Make sure that somebody runs what is queued; call it after every submission and now and then while waiting.

    Returns at once where a supervisor runs already, else within a moment (a few seconds on a busy computer).

    Raises
    ------
    SkeinError
        If it ends again and again as soon as it is started.
    """
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 5
    started = 0
    while not _held(folder):
        if find(_read(folder / "supervisor.json")) is None:
            if started == 3:
                raise SkeinError(f"The supervisor of jobs cannot be started: {folder / 'supervisor.log'} says why.")
            command = [sys.executable, "-m", "pipeline.jobs.supervisor"]
            child = detached(command, folder / "supervisor.log", own_environment(), folder)
            write_json(folder / "supervisor.json", identity(child.pid))
            started += 1
        elif time.monotonic() > until:
            return  # it is slow to come up; one that was about to end would have ended by now
        time.sleep(0.05)  # it is about to take its lock, or about to end


def own_environment() -> dict[str, str]:
    """Environment in which another Python process finds this Skein and this home."""
    code = str(Path(pipeline.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [code, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "SKEIN_HOME": str(home())}


def main() -> None:
    """Supervise until there has been nothing to do for a while."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    ledger = Ledger()
    lock = FileLock(home() / "supervisor.lock")
    while True:
        try:
            lock.acquire(timeout=3)
        except Timeout:
            return  # another one is at work
        with lock:
            lock.release()  # `with` has acquired it a second time
            if not _supervise(Supervisor(ledger), Path(lock.lock_file)):
                return
        if not ledger.count(states=ACTIVE):  # a row inserted before the release is seen here, a later one by its client
            return


def _supervise(supervisor: Supervisor, lock: Path) -> bool:
    """Step until idle; False where the home was deleted: its name may belong to another supervisor by now."""
    held = _file_number(lock)
    last_work = time.monotonic()
    while time.monotonic() - last_work <= supervisor.settings.idle_s:
        if _file_number(lock) != held:
            return False
        try:
            if supervisor.step():
                last_work = time.monotonic()
        except (sqlite3.OperationalError, OSError, SkeinError) as error:  # a full disk: attempts go on meanwhile
            logging.warning("Will try again: %s", error)
            last_work = time.monotonic()
            time.sleep(1)
        time.sleep(POLL_S)
    return True


def _file_number(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _held(folder: Path) -> bool:
    try:
        with FileLock(folder / "supervisor.lock", timeout=0):
            return False
    except Timeout:
        return True


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


if __name__ == "__main__":
    main()
