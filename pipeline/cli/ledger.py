"""``skein jobs`` and ``skein plugins``."""

import argparse
import sys
import time
from importlib.util import find_spec
from typing import Any

from pipeline.cli.following import duration, named
from pipeline.errors import SkeinError
from pipeline.jobs.declaration import resolve
from pipeline.jobs.ledger import JobRow, Ledger
from pipeline.jobs.supervisor import ensure_supervisor
from pipeline.registry import Plugin, plugins

_STATES = ("queued", "running", "done", "failed", "cancelled")


def add_commands(commands: Any) -> None:
    """Add them to the parser."""
    jobs = commands.add_parser("jobs", help="list, cancel, retry and prioritise jobs, or show a log")
    jobs.set_defaults(run_command=_list, experiment=None, state=None, limit=20)
    actions = jobs.add_subparsers(metavar="ACTION", title="actions (default: list)")
    listing = actions.add_parser("list", help="newest first")
    listing.add_argument("experiment", nargs="?", metavar="EXPERIMENT", help="only of this experiment folder")
    listing.add_argument("--state", action="append", choices=_STATES, help="only in this state (may be repeated)")
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default: 20)")
    listing.set_defaults(run_command=_list)
    log = _action(actions, "log", "show the log of a job's latest attempt", _log)
    log.add_argument("--follow", "-f", action="store_true", help="go on until the job ends")
    _action(actions, "cancel", "cancel a job, at once where it waits, within two seconds where it runs", _cancel)
    _action(actions, "retry", "queue a finished job again, and those that failed because of it", _retry)
    prioritise = _action(actions, "prioritise", "set the priority of a job", _prioritise)
    prioritise.add_argument("priority", type=int, metavar="N", help="higher runs earlier")

    command = commands.add_parser("plugins", help="list plugins; `check` tells whether they can be used")
    command.set_defaults(run_command=_plugins, check=False)
    checks = command.add_subparsers(metavar="ACTION", title="actions (default: list)")
    checks.add_parser("check", help="exit code 1 if one cannot be used").set_defaults(run_command=_plugins, check=True)


def _action(actions: Any, name: str, help: str, run: Any) -> argparse.ArgumentParser:
    command = actions.add_parser(name, help=help)
    command.add_argument("job", type=int, metavar="JOB", help="number of the job, as `skein jobs` shows it")
    command.set_defaults(run_command=run)
    return command


def _list(arguments: argparse.Namespace) -> int:
    ledger = Ledger()
    rows = ledger.rows(arguments.experiment, arguments.state, limit=arguments.limit)
    for row in rows:
        print(_line(row))
    total = ledger.count(arguments.experiment, arguments.state)
    if not total:
        print("No jobs.")
    elif total > len(rows):
        print(f"… and {total - len(rows)} older ones (--limit {total} shows all).")
    if ledger.count(states=["queued", "running"]):
        ensure_supervisor()
    return 0


def _line(row: JobRow) -> str:
    what = [f"{row.id:>5}", f"{'cancelling' if row.cancelling else row.state:<10}", named(row)]
    if row.state == "running" and row.fraction is not None:
        what.append(f"{row.fraction:.0%}")
    if row.eta_s is not None:
        what.append(f"{duration(row.eta_s)} left")
    if row.active and row.message:
        what.append(row.message)
    if row.finished is not None:
        what.append(row.finished.astimezone().strftime("%Y-%m-%d %H:%M"))
    if row.error:
        what.append(row.error)
    return "  ".join([*what, f"[{row.experiment}]"])


def _log(arguments: argparse.Namespace) -> int:
    ledger = Ledger()
    path = ledger.log_path(arguments.job)
    position = 0
    while True:
        active = ledger.row(arguments.job).active
        if path.is_file():
            with path.open("rb") as handle:
                handle.seek(position)
                text = handle.read()
            position += len(text)
            sys.stdout.write(text.decode("utf-8", errors="replace"))
            sys.stdout.flush()
        if not (arguments.follow and active):
            break
        time.sleep(0.3)
    if not position:
        print(f"Job {arguments.job} has no log yet: it has not been started.")
    return 0


def _cancel(arguments: argparse.Namespace) -> int:
    ledger = Ledger()
    row = ledger.row(arguments.job)
    if not row.active:
        raise SkeinError(f"Job {row.id} is {row.state} already.")
    ledger.cancel(row.id)
    ensure_supervisor()
    while ledger.row(row.id).active:
        time.sleep(0.1)
    print(f"{named(row)}: {ledger.row(row.id).state}")
    return 0


def _retry(arguments: argparse.Namespace) -> int:
    row = Ledger().retry(arguments.job)
    ensure_supervisor()
    print(f"{named(row)}: queued again as job {row.id}")
    return 0


def _prioritise(arguments: argparse.Namespace) -> int:
    row = Ledger().prioritise(arguments.job, arguments.priority)
    print(f"{named(row)}: priority {row.priority}")
    return 0


def _plugins(arguments: argparse.Namespace) -> int:
    failed = False
    for state in plugins():
        errors = [state.error] if state.plugin is None else _references(state.plugin)
        failed = failed or bool(errors)
        print(f"{state.name:<14} {'; '.join(filter(None, errors)) or 'works'}  ({state.source})")
    return 1 if failed and arguments.check else 0


def _references(plugin: Plugin) -> list[str]:
    """Names in a plugin's declaration that lead nowhere. A page is looked for, not imported: it needs the dashboard."""
    wrong = []
    names = {f"run of {job.name}": job.run for job in plugin.jobs} | {
        f"entry of {job.name}": job.entry for job in plugin.jobs
    }
    names |= {f"export {export.name}": export.tables for export in plugin.exports}
    for what, reference in names.items():
        try:
            resolve(reference)
        except Exception as error:  # noqa: BLE001 - a plugin can fail in any way; it is named
            wrong.append(f"{what}: {reference} cannot be loaded: {error}")
    if plugin.page is not None and not _exists(plugin.page.partition(":")[0]):
        wrong.append(f"page: there is no module {plugin.page.partition(':')[0]}")
    return wrong


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False
