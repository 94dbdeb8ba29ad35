"""Processes that outlive the one that started them: how they are named, found again and ended."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil

CLOCK_S = 2.0  # by which a clock may be set while a process runs
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Names the time since the computer was started, where the system has such a name (Linux), else empty."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.is_file() else ""


def identity(pid: int | None = None) -> dict[str, Any]:
    """What tells a process from a later one that got the same number: pid, start time, boot.

    Raises
    ------
    psutil.NoSuchProcess
        If it has ended.
    """
    process = psutil.Process(pid)
    return {"pid": process.pid, "started": process.create_time(), "boot": boot_id()}


def find(known: dict[str, Any] | None) -> psutil.Process | None:
    """The living process of that identity, or None."""
    if not known or known.get("boot") != boot_id():
        return None
    try:
        process = psutil.Process(known["pid"])
        if abs(process.create_time() - known["started"]) > CLOCK_S or process.status() == psutil.STATUS_ZOMBIE:
            return None
    except psutil.NoSuchProcess:
        return None
    return process


def detached(command: list[str], log: Path, environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a process in a session and process group of its own, so that it outlives this one.

    Its output is appended to `log`.
    """
    options: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
        options = {"creationflags": sum(getattr(subprocess, flag) for flag in flags)}
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=folder, **options
        )


def end_group(known: dict[str, Any], *, kill: bool = False) -> None:
    """Ask a process, its children and everyone in its group to end; or kill them.

    On POSIX the group also reaches children whose parent has died already. Elsewhere the tree of children is all
    there is, and workers watch their parent themselves (:mod:`pipeline.jobs.fanout`). Nothing is done where the number
    belongs to a later process.
    """
    if known["boot"] != boot_id():
        return
    tree: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(known["pid"])
        if abs(process.create_time() - known["started"]) > CLOCK_S:
            return
        tree = [*process.children(recursive=True), process]
    if os.name == "posix":  # a number stays taken while a group bears it, even after the first process has ended
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(known["pid"], signal.SIGKILL if kill else signal.SIGTERM)
    for member in tree:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if kill:
                member.kill()
            elif os.name != "posix":
                member.terminate()
