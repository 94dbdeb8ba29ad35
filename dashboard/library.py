"""The experiments that are open in a dashboard."""

import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.api import Experiment, InvalidExperiment, SkeinError
from pipeline.experiment.folder import CONFIGURATION
from pipeline.files import home, write_json
from pipeline.types.configuration import NAME

_DEPTH = 4  # folders below a root that are searched for experiments
_MOST = 2000  # experiments listed for one root


@dataclass(frozen=True)
class Opened:
    """An experiment folder that is open, whether or not its file can be read.

    Parameters
    ----------
    key
        Its name in URLs, unique among the open ones.
    folder
        Where it lies.
    experiment
        None where `experiment.toml` has problems.
    problems
        All of them, one sentence each.
    """

    key: str
    folder: Path
    experiment: Experiment | None
    problems: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.experiment.name if self.experiment else self.folder.name


class Library:
    """The open experiments, by key; remembered from one start to the next.

    A key comes from the browser and is only ever looked up here; folders come from the command line, or are found below
    the declared roots.
    """

    def __init__(self, folders: tuple[Path, ...], roots: tuple[Path, ...]) -> None:
        self.roots = roots
        self._lock = threading.Lock()
        self._folders: dict[str, Path] = {}
        self._read: dict[str, tuple[tuple[int, int], Opened]] = {}
        remembered = [folder for folder in self._remembered() if folder.is_dir() and self._allowed(folder)]
        given = [found for folder in folders for found in (experiments_below(folder) or [folder])]
        for folder in dict.fromkeys((*given, *remembered)):
            self._add(folder)
        if given:
            self._remember()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._folders)

    def get(self, key: str) -> Opened | None:
        """The experiment of that key as its file is now, or None where no such experiment is open."""
        folder = self._folders.get(key)
        if folder is None:
            return None
        stamp = _stamp(folder / CONFIGURATION)
        known = self._read.get(key)
        if known is None or known[0] != stamp:
            known = (stamp, _opened(key, folder))
            self._read[key] = known
        return known[1]

    def first(self) -> str | None:
        """Key of the experiment that is shown where the URL names none: the first that can be read."""
        readable = (opened.key for opened in self.all() if opened.experiment)
        return next(readable, next(iter(self.keys), None))

    def stamp(self, key: str | None) -> str:
        """Changes whenever an experiment is opened or closed, or the `experiment.toml` of that key is edited."""
        folder = self._folders.get(key or "")
        return f"{len(self._folders)} {_stamp(folder / CONFIGURATION) if folder else ''}"

    def all(self) -> list[Opened]:
        """Every open experiment."""
        return [opened for key in self.keys if (opened := self.get(key))]

    def candidates(self) -> dict[str, Path]:
        """Experiments below the roots that are not open yet, by the label shown."""
        opened = set(self._folders.values())
        labels: dict[str, Path] = {}
        for root in self.roots:
            for folder in experiments_below(root):
                if folder not in opened:
                    labels[_label(root, folder)] = folder
        return labels

    def open(self, label: str) -> Opened:
        """Open one of the :meth:`candidates`; the label is looked up, never made into a path."""
        try:
            folder = self.candidates()[label]
        except KeyError:
            raise SkeinError(
                f"{label!r} is not an experiment below the folders that this dashboard may open."
            ) from None
        return self._opened_now(folder)

    def place(self, root_label: str, name: str) -> Path:
        """The folder for a new experiment, `name` below one of the roots."""
        roots = {str(root): root for root in self.roots}
        if root_label not in roots:
            raise SkeinError(f"{root_label!r} is not one of the folders that this dashboard may write to.")
        if not re.fullmatch(NAME, name):
            raise SkeinError(f"Expected a folder name of letters, digits, '-', '_' and '.', got {name!r}.")
        return roots[root_label] / name

    def opened(self, folder: Path) -> Opened:
        """Open a folder that this dashboard made below a root."""
        return self._opened_now(folder.resolve())

    def files(self, key: str, endings: frozenset[str]) -> dict[str, Path]:
        """Files that a form may offer, by label: those below the experiment's folder, then those below the roots."""
        own = self._folders.get(key)
        labels: dict[str, Path] = {}
        seen: set[Path] = set()
        for root in dict.fromkeys((*([own] if own else []), *self.roots)):
            for path in _files(root, endings, _DEPTH):
                label = path.relative_to(root).as_posix() if root == own else _label(root, path)
                if path not in seen:
                    labels[label] = path
                    seen.add(path)
                if len(labels) >= _MOST:
                    return labels
        return labels

    def close(self, key: str) -> None:
        """Forget an experiment; nothing on disk changes."""
        with self._lock:
            self._folders.pop(key, None)
            self._read.pop(key, None)
            self._remember()

    def _opened_now(self, folder: Path) -> Opened:
        with self._lock:
            key = self._add(folder)
            self._remember()
        opened = self.get(key)
        assert opened is not None
        return opened

    def _add(self, folder: Path) -> str:
        for key, known in self._folders.items():
            if known == folder:
                return key
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.name).strip("-.") or "experiment"
        key, count = stem, 2
        while key in self._folders:
            key, count = f"{stem}-{count}", count + 1
        self._folders[key] = folder
        return key

    def _allowed(self, folder: Path) -> bool:
        return any(folder.is_relative_to(root) for root in self.roots)

    def _remembered(self) -> list[Path]:
        try:
            return [Path(folder) for folder in json.loads(_memory().read_text(encoding="utf-8"))["folders"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []  # nothing remembered yet, or a file that is not ours: start afresh

    def _remember(self) -> None:
        others = [folder for folder in self._remembered() if not self._allowed(folder)]
        write_json(_memory(), {"folders": [str(folder) for folder in (*self._folders.values(), *others)]})


def experiments_below(folder: Path) -> list[Path]:
    """The folder itself where it is an experiment, else experiments a few levels below it, sorted."""
    if (folder / CONFIGURATION).is_file():
        return [folder]
    found = [place for place, _ in zip(_walk(folder, _DEPTH), range(_MOST), strict=False)]
    return sorted(found)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        children = [Path(entry) for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return  # a folder that may not be read holds nothing that could be opened
    for child in children:
        if (child / CONFIGURATION).is_file():
            yield child
        elif depth > 1 and child.name not in {"node_modules", "__pycache__"}:
            yield from _walk(child, depth - 1)


def _files(folder: Path, endings: frozenset[str], depth: int) -> Iterator[Path]:
    try:
        entries = sorted(
            (entry for entry in os.scandir(folder) if not entry.name.startswith(".")), key=lambda e: e.name
        )
    except OSError:
        return
    yield from (Path(entry) for entry in entries if Path(entry.name).suffix.lower() in endings and entry.is_file())
    for entry in entries:
        if depth > 1 and entry.is_dir(follow_symlinks=False) and entry.name not in {"proxies", "detections"}:
            yield from _files(Path(entry), endings, depth - 1)


def _label(root: Path, folder: Path) -> str:
    return str(Path(root.name, folder.relative_to(root)))


def _opened(key: str, folder: Path) -> Opened:
    try:
        return Opened(key, folder, Experiment.open(folder))
    except InvalidExperiment as error:
        return Opened(key, folder, None, tuple(error.problems))
    except SkeinError as error:
        return Opened(key, folder, None, (str(error),))
    except (OSError, UnicodeDecodeError) as error:
        return Opened(key, folder, None, (f"{CONFIGURATION} cannot be read: {error}",))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def _memory() -> Path:
    return home() / "dashboard.json"
