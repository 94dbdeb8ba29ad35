"""Every file format there is, registered once."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.errors import SkeinError
from pipeline.formats.tables import Tables


@dataclass(frozen=True)
class Format:
    """A file format: one module with `sniff(path)` and `read(path)`, or `write_tables(path, tables)`, or all of them.

    Parameters
    ----------
    name
        Value of ``skein export --format``.
    title
        As shown to people.
    suffix
        Of its files, with the dot.
    module
        Imported on use: some formats need large libraries.
    reads
        The module has `sniff` (why a file is not of this format, or None) and `read`.
    writes
        What of Skein's tables it can hold: all, those with a row per individual (or track) and frame, tracks only, or
        none.
    """

    name: str
    title: str
    suffix: str
    module: str
    reads: bool = True
    writes: str = "all"

    @property
    def loaded(self) -> ModuleType:
        """The module."""
        return import_module(self.module)

    @property
    def write_tables(self) -> Callable[[Path, Tables], list[Path]]:
        """Writes tables beside `path` and returns the files."""
        return self.loaded.write_tables


FORMATS = (
    Format("csv", "CSV with a description", ".csv", "pipeline.formats.csv"),
    Format("xlsx", "Excel workbook", ".xlsx", "pipeline.formats.xlsx"),
    Format("parquet", "Parquet", ".parquet", "pipeline.formats.parquet"),
    Format("mat", "MATLAB", ".mat", "pipeline.formats.mat", reads=False),
    Format("movement", "movement netCDF", ".nc", "pipeline.formats.movement", writes="paths"),
    Format("mot", "MOT Challenge text", ".txt", "pipeline.formats.mot", writes="tracks"),
    Format("anipose", "anipose calibration", ".toml", "pipeline.formats.anipose", writes="none"),
)


def exportable(what: str) -> tuple[Format, ...]:
    """The formats that can hold an export: everything holds tables, some only paths of animals or only tracks."""
    held = {
        "all",
        *({"paths"} if what in {"trajectories", "tracks"} else ()),
        *({"tracks"} if what == "tracks" else ()),
    }
    return tuple(entry for entry in FORMATS if entry.writes in held)


def format_named(name: str) -> Format:
    """The format of that name, or an error that lists the names there are."""
    for entry in FORMATS:
        if entry.name == name:
            return entry
    raise SkeinError(f"No format named {name!r}; there are {', '.join(entry.name for entry in FORMATS)}.")


def read(path: Path) -> tuple[Format, Any]:
    """Find out which format a file has, and read it.

    Returns
    -------
    The format, and what its module's `read` returns.

    Raises
    ------
    SkeinError
        If there is no such file; if no format claims it: each that was tried, and why it said no; if it is damaged.
    """
    if not path.is_file():
        raise SkeinError(f"No file {path.name} in {path.parent}.")
    refusals = []
    for entry in sorted((entry for entry in FORMATS if entry.reads), key=lambda entry: entry.suffix != path.suffix):
        reason = entry.loaded.sniff(path)
        if reason is None:
            return entry, entry.loaded.read(path)
        refusals.append(f"{entry.title}: {reason}")
    raise SkeinError(f"{path.name} is of no format that Skein reads. " + "; ".join(refusals) + ".")
