"""The command line: ``skein``. Every stage's subcommand is made from its job declaration."""

from pipeline.cli.entry import main

__all__ = ["main"]
