"""Run benchmarks (`python -m benchmarks [name …]`), print the figures and write them to RESULTS.md."""

import importlib
import pkgutil
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import benchmarks
from benchmarks import Row
from pipeline.errors import SkeinError

RESULTS = Path(__file__).with_name("RESULTS.md")
_LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "av", "pyarrow", "duckdb")


def modules() -> list[str]:
    """Every module of the package that measures something."""
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )


def processor() -> str:
    """The processor's name as the system gives it, and its cores."""
    import os

    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        name = next(
            (line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line), name
        )
    return f"{name}, {os.cpu_count()} cores"


def table(rows: list[Row]) -> list[str]:
    """The rows as Markdown."""
    lines = ["| what | median | lowest – highest | against | target | |", "|---|--:|---|---|---|---|"]
    for row in rows:
        spread = " – ".join(map(_said, row.spread)) if row.spread else ""
        lines.append(
            f"| {row.name} | {_said(row.value)} {row.unit} | {spread} | {row.peer} | {row.target} | {row.note} |"
        )
    return lines


def _said(value: float) -> str:
    """Three digits, and no powers of ten."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{float(f'{value:.3g}'):,.0f}"


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; the sections of others stay as they were."""
    known = modules()
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"No benchmark named {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    sections = _sections()
    failed = 0
    for name in names or known:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"{name} …", flush=True)
        try:
            lines = table(module.run())
        except SkeinError as error:
            lines, failed = [f"Not measured: {error}"], failed + 1
        print("\n".join(lines), flush=True)
        libraries = ", ".join(f"{library} {version(library)}" for library in _LIBRARIES)
        when = f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, Python {platform.python_version()}, {libraries}."
        sections[name] = [f"{when} Command: `python -m benchmarks {name}`.", "", *lines, ""]
        _write(sections)
    return 1 if failed else 0


def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    name = ""
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.is_file() else []:
        if line.startswith("## "):
            name = line.removeprefix("## ").strip()
            sections[name] = []
        elif name and (line or sections[name]):
            sections[name].append(line)
    return sections


def _write(sections: dict[str, list[str]]) -> None:
    text = ["# Measured", "", "Written by `make bench`. A ratio above 1 means that Skein is better than its peer.", ""]
    for name in sorted(sections):
        text += [f"## {name}", "", *sections[name]]
    RESULTS.write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
