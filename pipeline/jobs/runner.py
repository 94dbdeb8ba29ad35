"""One attempt at one job, in a process of its own: ``python -m pipeline.jobs.runner <attempt folder>``.

It never opens the ledger. It reads `job.json` and writes `pid.json`, `progress.json` and, last of all, `done.json`; the
supervisor takes them in. A process that ends without `done.json` was killed.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import write_json
from pipeline.jobs.declaration import Job, resolve
from pipeline.jobs.execution import run_now
from pipeline.jobs.fanout import WorkerKilled, make_fanout
from pipeline.jobs.process import identity
from pipeline.jobs.progress import ProgressFile
from pipeline.jobs.settings import read_settings


def main(folder: Path) -> None:
    """Run the attempt that `folder` describes."""
    write_json(folder / "pid.json", identity())
    signal.signal(signal.SIGTERM, _stop)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    task = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sys.path.extend(part for part in task["python_path"] if part not in sys.path)
    logging.info("%s, attempt %s: %s", task["title"], task["attempt"], task["recording"] or task["experiment"])
    outcome, error = _attempt(task, folder)
    logging.info("%s%s", outcome, f": {error}" if error else "")
    (folder / "reserve").unlink(missing_ok=True)
    if (folder / "abandoned").exists():
        logging.info("This attempt had been given up; its successor reports.")
    else:
        write_json(folder / "done.json", {"outcome": outcome, "error": error})
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0 if outcome == "done" else 1)  # a library's forgotten thread must not keep the slot


def _attempt(task: dict[str, Any], folder: Path) -> tuple[str, str | None]:
    """Outcome (done, failed, killed) and a sentence for people."""
    try:
        job = _declaration(task["entry"])
        experiment = Experiment.open(task["experiment"])
        with (
            ProgressFile(folder / "progress.json") as progress,
            contextlib.closing(make_fanout(read_settings(), job.gpu)) as fanout,
        ):
            run_now(job, experiment, task["recording"], task["parameters"], progress, fanout, note=logging.info)
    except WorkerKilled as error:
        return "killed", str(error)
    except SkeinError as error:
        logging.debug("", exc_info=True)
        return "failed", str(error)
    except MemoryError:
        traceback.print_exc(file=sys.stdout)
        return (
            "failed",
            f"“{task['title']}” ran out of memory: close other programs, or lower `workers` in the settings.",
        )
    except Exception:  # noqa: BLE001 - whatever a job raises ends here: a sentence for the page, the rest in the log
        traceback.print_exc(file=sys.stdout)
        return "failed", f"Something went wrong inside “{task['title']}”; the log has the details."
    return "done", None


def _declaration(entry: str) -> Job:
    try:
        return resolve(entry)
    except (ImportError, AttributeError) as error:
        traceback.print_exc(file=sys.stdout)
        raise SkeinError(f"The code of this job ({entry}) cannot be loaded: is its plugin still installed?") from error


def _stop(number: int, frame: object) -> NoReturn:
    """Ends the attempt through `finally` blocks, which remove half-written files."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
