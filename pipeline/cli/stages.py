"""One subcommand per declared job, and ``skein run``: submit to the ledger, then follow."""

import argparse
import sys
from typing import Any

from pipeline.cli.following import follow
from pipeline.cli.options import add_parameters, given_parameters
from pipeline.experiment import Experiment
from pipeline.jobs.declaration import Job
from pipeline.jobs.ledger import Ledger
from pipeline.jobs.submission import stale_steps, submit_stale
from pipeline.jobs.supervisor import ensure_supervisor
from pipeline.registry import jobs


def add_commands(commands: Any) -> None:
    """Add them to the parser; a job whose name is a command already (``export``) keeps to the dashboard."""
    for job in jobs().values():
        if job.name in commands.choices:
            continue
        command = commands.add_parser(job.name, help=_first_small(job.help), description=job.help)
        command.add_argument("experiment", metavar="EXPERIMENT", help="the experiment folder")
        if job.scope == "recording":
            _add_recordings(command)
        _add_following(command)
        add_parameters(command, job)
        command.set_defaults(run_command=lambda arguments, job=job: _run_job(arguments, job))
    command = commands.add_parser(
        "run",
        help="compute all that is missing or stale, in order",
        description="Compute all that is missing or stale, in order.",
    )
    command.add_argument("experiment", metavar="EXPERIMENT", help="the experiment folder")
    _add_recordings(command)
    _add_following(command)
    command.add_argument("--dry-run", action="store_true", help="only say what would be computed, and why")
    command.set_defaults(run_command=_run_stale)


def finish(ledger: Ledger, ids: list[int], detach: bool) -> int:
    """Have the jobs run; follow them, or say how."""
    ensure_supervisor()
    if not detach:
        return follow(ledger, ids)
    names = f"job {ids[0]}" if len(ids) == 1 else f"jobs {ids[0]} to {ids[-1]}"
    print(f"Queued {names}. `skein jobs` shows how far they are; they run on when this terminal is closed.")
    return 0


def _add_recordings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--recording", "-r", action="append", metavar="NAME", help="only this recording (may be repeated; default: all)"
    )


def _add_following(command: argparse.ArgumentParser) -> None:
    command.add_argument("--detach", "-d", action="store_true", help="return at once; the jobs run in the background")
    command.add_argument("--priority", type=int, default=0, metavar="N", help="higher runs earlier (default: 0)")


def _run_job(arguments: argparse.Namespace, job: Job) -> int:
    experiment = Experiment.open(arguments.experiment)
    parameters = given_parameters(arguments, job)
    recordings: list[str | None] = [None]
    if job.scope == "recording":
        recordings = list(arguments.recording or experiment.recording_names)
        for recording in recordings:
            experiment.recording(recording or "")
        if not recordings:
            print(_nothing_to_do(experiment), file=sys.stderr)
            return 1
    ledger = Ledger()
    with ledger.submitting() as submit:
        ids = [submit(job, experiment, name, parameters, priority=arguments.priority) for name in recordings]
    return finish(ledger, ids, arguments.detach)


def _run_stale(arguments: argparse.Namespace) -> int:
    experiment = Experiment.open(arguments.experiment)
    if arguments.dry_run:
        steps = stale_steps(experiment, jobs(), arguments.recording)
        for step in steps:
            print(f"{step.job.title}{f', {step.recording}' if step.recording else ''}: {'; '.join(step.reasons)}")
        print(f"{len(steps)} to compute." if steps else _nothing_to_do(experiment))
        return 0
    ledger = Ledger()
    ids = submit_stale(ledger, experiment, jobs(), arguments.recording, priority=arguments.priority)
    under_way = [row.id for row in ledger.rows(experiment.root, ["queued", "running"])]
    if not under_way:
        print(_nothing_to_do(experiment))
        return 0
    if not ids:
        print("Nothing new to queue: all that is missing or stale is queued or running already.")
    return finish(ledger, ids or sorted(under_way), arguments.detach)


def _nothing_to_do(experiment: Experiment) -> str:
    if experiment.recording_names:
        return "Everything is up to date."
    return f"{experiment.name} has no recordings yet: `skein add-recording` adds one."


def _first_small(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:].rstrip(".")).replace("%", "%%")
