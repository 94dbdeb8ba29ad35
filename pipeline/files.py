"""Writing files so that a reader sees the whole old file or the whole new one, never a part."""

import contextlib
import glob
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from platformdirs import user_data_path

from pipeline.errors import SkeinError


def home() -> Path:
    """Where this computer keeps Skein's ledger, caches and settings: ``$SKEIN_HOME``, else the user's data folder."""
    return Path(os.environ.get("SKEIN_HOME") or user_data_path("skein", appauthor=False))


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block succeeds, delete it when it fails.

    The temporary name keeps the suffix (encoders look at it), starts with a dot, so that no glob takes it for a
    result, and tells whose it is, so that :func:`leftovers` finds it when the process is killed. The data is flushed to
    disk before the rename: after a power cut the name never points to an empty file.

    Raises
    ------
    SkeinError
        If the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        raise SkeinError(f"Could not write {path.name}: {error.strerror or error}. Nothing was changed.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def leftovers(path: Path) -> Iterator[Path]:
    """Half-written files of a process that was killed inside :func:`replacing`: of the file `path`, or anywhere in
    the folder `path`."""
    mark = ".????????.part*"
    if path.is_dir():
        yield from path.rglob(f".*{mark}")
    yield from path.parent.glob(f".{glob.escape(path.name)}{mark}")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, data: Any) -> None:
    """Write JSON atomically; NaN is refused, because other readers do not accept it."""
    write_text(path, json.dumps(data, indent=1, allow_nan=False))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet table atomically (zstd)."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def file_fingerprint(path: Path) -> str:
    """Identify a file's content cheaply.

    Small files are hashed whole. Of a video, size and three blocks of 1 MB are hashed: hashing terabytes whenever a
    page is opened is not possible, and a recorder does not change the middle of a file. The modification time is
    left out, so that a copied experiment stays valid; it only tells that a file need not be read again.
    """
    status = path.stat()
    return _file_fingerprint(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _file_fingerprint(path: Path, size: int, modified: int) -> str:
    block = 1 << 20
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as handle:
        offsets = range(0, size, block) if size <= 8 * block else (0, size // 2, size - block)
        for offset in offsets:
            handle.seek(offset)
            digest.update(handle.read(block))
    return digest.hexdigest()[:32]


def data_fingerprint(data: Any) -> str:
    """Identify JSON-like data by content, independent of the order of keys."""
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
