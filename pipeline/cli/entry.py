"""Parsing, dispatch, and the one clear line that a failure gets."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import NoReturn

from pipeline import __version__
from pipeline.errors import InvalidExperiment, SkeinError

COMMANDS = "skein.commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words or bool(os.environ.get("SKEIN_DEBUG"))
    words = [word for word in words if word != "--debug"]
    try:
        return _dispatch(words)
    except KeyboardInterrupt:
        print("skein: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `skein jobs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort between a defect and the person at the terminal
        if debug:
            traceback.print_exc()
        for line in _lines(error):
            print(f"skein: {line}", file=sys.stderr)
        return 1


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line: the usage of a stage is longer than a screen. Subcommands inherit it."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the words that were given, and leave."""
        self.exit(2, f"skein: {message}; see `{self.prog} --help`\n")


def parser() -> argparse.ArgumentParser:
    """All subcommands: those for experiments, one per declared job, those for the ledger, those of other packages."""
    from pipeline.cli import experiments, ledger, stages

    top = OneLineParser(
        prog="skein",
        description="From multi-camera videos of animals to 3D trajectories and zone statistics.",
        epilog="`skein COMMAND --help` explains a command. --debug (or SKEIN_DEBUG=1) shows where an error arose.",
    )
    top.add_argument("--version", action="version", version=f"skein {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    experiments.add_commands(commands)
    stages.add_commands(commands)
    ledger.add_commands(commands)
    for name, point in sorted(_foreign().items()):
        commands.add_parser(name, help=f"see `skein {name} --help` (part of {point.module.split('.')[0]})")
    return top


def _dispatch(words: list[str]) -> int:
    foreign = _foreign()
    if words and words[0] in foreign:
        return foreign[words[0]].load()(words[1:]) or 0
    arguments = parser().parse_args(words)
    command: Callable[[argparse.Namespace], int] = arguments.run_command
    return command(arguments)


def _foreign() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=COMMANDS)}


def _lines(error: Exception) -> list[str]:
    if isinstance(error, InvalidExperiment):
        return error.problems
    if isinstance(error, SkeinError):
        return [str(error)]
    return [f"something went wrong inside Skein ({type(error).__name__}: {error}); add --debug to see where"]
