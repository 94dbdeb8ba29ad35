"""Subcommands that make, fill, check and take away from an experiment folder."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.options import add_parameters, given_parameters
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, add_recording, create, import_starts
from pipeline.experiment.starts import seconds
from pipeline.formats.registry import FORMATS
from pipeline.registry import exports
from pipeline.synthetic.job import JOB as RENDER

if TYPE_CHECKING:
    from pipeline.check import Checked


def add_commands(commands: Any) -> None:
    """Add them to the parser."""
    _add_demo(commands)
    _add_init(commands)
    _add_recording(commands)
    starts = _command(commands, "import-starts", "take start times from a text list (`name … mm:ss`)", _import_starts)
    starts.add_argument("list", type=Path, metavar="FILE", help="one recording per line, times in recorded seconds")
    _command(commands, "check", "name everything that is wrong, missing or doubtful in an experiment", _check)
    writable = [entry.name for entry in FORMATS if entry.writes != "none"]
    export = _command(commands, "export", "write results as files for other programs", _export)
    export.add_argument("--what", required=True, metavar="WHAT", help=f"one of {', '.join(exports())}")
    export.add_argument("--format", required=True, metavar="F", help=f"one of {', '.join(writable)}")
    export.add_argument("--output", "-o", type=Path, required=True, metavar="DIR", help="folder to write to")
    export.add_argument("--recording", "-r", action="append", metavar="NAME", help="only this recording (default: all)")


def _command(commands: Any, name: str, help: str, run: Any) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    command.add_argument("experiment", metavar="EXPERIMENT", help="the experiment folder")
    command.set_defaults(run_command=run)
    return command


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="make a synthetic experiment with known truth", description=RENDER.help)
    demo.add_argument("folder", type=Path, metavar="DIR", help="folder to make it in")
    demo.add_argument("--queue", action="store_true", help="queue the rendering and all stages, and return at once")
    add_parameters(demo, RENDER)
    demo.set_defaults(run_command=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    from pipeline.cli.stages import finish
    from pipeline.jobs.ledger import ACTIVE, Ledger
    from pipeline.jobs.state import result_state
    from pipeline.jobs.submission import submit_stale
    from pipeline.registry import jobs
    from pipeline.synthetic import Render, write_experiment

    parameters = RENDER.validated(given_parameters(arguments, RENDER))
    assert isinstance(parameters, Render)
    experiment = write_experiment(arguments.folder, parameters)
    ledger = Ledger()
    ids = [row.id for row in ledger.rows(experiment.root, ACTIVE) if row.job == RENDER.name]
    if not ids and result_state(experiment, RENDER, None, {RENDER.name: RENDER}).state != "done":
        ids = [ledger.submit(RENDER, experiment, None, parameters.model_dump())]
    if arguments.queue:
        ids += submit_stale(ledger, experiment, jobs(), after=ids)
    if not ids:
        print(f"The demo in {arguments.folder} is complete.")
        return 0
    return finish(ledger, ids, detach=arguments.queue)


def _add_init(commands: Any) -> None:
    init = commands.add_parser("init", help="make an experiment folder with a commented experiment.toml to fill in")
    init.add_argument("folder", type=Path, metavar="DIR", help="the new experiment folder")
    init.add_argument("--name", help="name of the experiment (default: the folder's)")
    init.add_argument("--cameras", default="1", metavar="N|A,B,…", help="number or names of cameras (default: 1)")
    init.add_argument("--model", default="fisheye", choices=["fisheye", "pinhole"], help="lens (default: fisheye)")
    init.add_argument("--board", type=_corners, metavar="8x6", help="inner corners of the chessboard")
    init.add_argument("--square", type=float, metavar="MM", help="edge of a square of the chessboard, mm")
    init.add_argument("--arena", type=_size, metavar="XxYxZ", help="size of the arena from the origin, m: 2.0x1.0x0.5")
    init.add_argument("--animals", type=int, metavar="N", help="number of animals, if known")
    init.set_defaults(run_command=_init)


def _init(arguments: argparse.Namespace) -> int:
    cameras = arguments.cameras
    names = [f"cam_{number}" for number in range(1, int(cameras) + 1)] if cameras.isdigit() else cameras.split(",")
    create(
        arguments.folder,
        arguments.name,
        cameras=[name.strip() for name in names],
        model=arguments.model,
        inner_corners=arguments.board,
        square_mm=arguments.square,
        bounds=arguments.arena,
        animals=arguments.animals,
    )
    print(f"Wrote {arguments.folder / 'experiment.toml'}. Fill it in, then: skein check {_quoted(arguments.folder)}")
    return 0


def _add_recording(commands: Any) -> None:
    add = _command(commands, "add-recording", "add a recording (a video per camera) to experiment.toml", _recording)
    add.add_argument("name", metavar="NAME", help="name of the recording")
    add.add_argument(
        "--video", action="append", required=True, type=_pair, metavar="CAMERA=FILE", help="once per camera"
    )
    add.add_argument(
        "--recorded-fps", type=float, metavar="FPS", help="frames per second as recorded (default: the file's)"
    )
    add.add_argument(
        "--start", type=_date, metavar="TIME", help="date and time of the first frame: 2024-05-17T09:30:00"
    )
    add.add_argument(
        "--start-at", type=_time, metavar="MM:SS", help="skip this much recorded time (or seconds; default: 0)"
    )
    add.add_argument(
        "--duration", type=_time, metavar="MM:SS", help="use this much recorded time (or seconds; default: all)"
    )
    add.add_argument("--stride", type=int, metavar="N", help="use every n-th frame (default: 1)")
    add.add_argument(
        "--offset", action="append", default=[], type=_pair, metavar="CAMERA=FRAME",
        help="video frame of a camera that shows the moment of the others' frame 0",
    )  # fmt: skip
    add.add_argument(
        "--timestamps", metavar="FILE", help="CSV with columns camera, frame, time_s; replaces fps and offsets"
    )
    add.add_argument(
        "--animals", type=int, metavar="N", help="number of animals in this recording (default: the experiment's)"
    )
    add.add_argument(
        "--factor", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="e.g. treatment=warm"
    )


def _recording(arguments: argparse.Namespace) -> int:
    from pipeline.check import check_recording

    offsets = {}
    for camera, frame in arguments.offset:
        if not frame.lstrip("-").isdigit():
            raise SkeinError(f"--offset {camera}={frame}: expected a frame number.")
        offsets[camera] = int(frame)
    experiment = add_recording(
        arguments.experiment,
        arguments.name,
        {camera: _from_here(arguments.experiment, file) for camera, file in arguments.video},
        recorded_fps=arguments.recorded_fps,
        start=arguments.start,
        start_at_s=arguments.start_at,
        duration_s=arguments.duration,
        stride=arguments.stride,
        offsets=offsets,
        timestamps=_from_here(arguments.experiment, arguments.timestamps) if arguments.timestamps else None,
        animals=arguments.animals,
        factors=dict(arguments.factor),
    )
    number = len(experiment.recording_names)
    print(f"Added {arguments.name}; {experiment.name} has {number} recording{'s' if number != 1 else ''}.")
    looked = check_recording(experiment, arguments.name)
    _tell(looked)
    if looked.problems:
        raise SkeinError(f"{arguments.name} was added, but cannot be used before this is corrected.")
    return 0


def _import_starts(arguments: argparse.Namespace) -> int:
    imported = import_starts(arguments.experiment, arguments.list)
    for name, start in imported.starts.items():
        print(f"{name}: starts at {start:g} s (recorded)")
    for note in imported.notes:
        print(note)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from pipeline.check import check_experiment

    experiment = Experiment.open(arguments.experiment)
    checked = check_experiment(experiment)
    _tell(checked)
    if checked.problems:
        raise SkeinError(f"{experiment.name}: {len(checked.problems)} to correct.")
    print(f"{experiment.name}: {'usable' if checked.warnings else 'all is well'}.")
    return 0


def _tell(checked: "Checked") -> None:
    for heading, sentences in (("Wrong", checked.problems), ("Doubtful", checked.warnings), ("Noted", checked.notes)):
        for sentence in sentences:
            print(f"{heading}: {sentence}")


def _quoted(folder: Path) -> str:
    """As it can be typed after a command."""
    return f'"{folder}"' if " " in str(folder) else str(folder)


def _export(arguments: argparse.Namespace) -> int:
    from pipeline.export import export

    experiment = Experiment.open(arguments.experiment)
    written = export(experiment, arguments.what, arguments.format, arguments.output, arguments.recording)
    for path in written:
        print(path)
    return 0


def _from_here(experiment: str, file: str) -> Path:
    """A file named on the command line: from where the person is, or else from the experiment folder."""
    here = Path(file).absolute()
    return here if here.exists() or not (Path(experiment) / file).exists() else Path(file)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return key.strip(), value.strip()


def _corners(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().replace("×", "x").partition("x")
    if not (columns.isdigit() and rows.isdigit()):
        raise argparse.ArgumentTypeError(f"expected columns x rows of inner corners like 8x6, got {text!r}")
    return int(columns), int(rows)


def _size(text: str) -> list[list[float]]:
    try:
        x, y, z = (float(part) for part in text.lower().replace("×", "x").split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected three lengths in metres like 2.0x1.0x0.5, got {text!r}") from None
    return [[0.0, x], [0.0, y], [0.0, z]]


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date and time like 2024-05-17T09:30:00, got {text!r}") from None


def _time(text: str) -> float:
    found = seconds(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected mm:ss or seconds, got {text!r}")
    return found
