"""The command line: ``skein``. Every stage's subcommand is made from its job declaration."""

from pipeline.cli.main import main

__all__ = ["main"]
