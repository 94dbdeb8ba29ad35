"""Zone statistics: rows per second, how that changes with frames, animals and zones, and peak memory."""

import multiprocessing
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import pyarrow as pa

from benchmarks import Row, seconds
from pipeline.api import TRAJECTORIES, Zone, write_table
from plugins.zones.job import ZoneParameters
from plugins.zones.positions import Trajectories
from plugins.zones.run import Analysis, analysed

_FPS = 25.0
_REPEATS = 5
_SIZES = ((10_000, 8, 4), (100_000, 8, 4), (100_000, 1, 4), (100_000, 8, 16))
_GROWTH = (
    ("10 times the frames", (10_000, 8, 4), (100_000, 8, 4)),
    ("8 times the animals", (100_000, 1, 4), (100_000, 8, 4)),
    ("4 times the zones", (100_000, 8, 4), (100_000, 8, 16)),
)


def run() -> list[Row]:
    """From a Parquet table in the order of frames to the rows of all four tables, with 60 s bins."""
    rows: list[Row] = []
    times: dict[tuple[int, int, int], float] = {}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "trajectories.parquet"
        for frames, animals, zones in _SIZES:
            write_swimmers(path, frames, animals)
            found = [_timed(path, frames, zones) for _ in range(_REPEATS)]
            times[frames, animals, zones] = median(found)
            speeds = sorted(frames * animals / one for one in found)
            what = f"speed, {frames:,} frames, {animals} animals, {zones} zones"
            rows.append(Row(what, median(speeds), "rows/s", (speeds[0], speeds[-1])))
        for what, small, large in _GROWTH:
            rows.append(Row(f"time for {what}", times[large] / times[small], "×", note=f"from {small} to {large}"))
        for frames in (10_000, 1_000_000):
            write_swimmers(path, frames, 8)
            rows.append(Row(f"peak memory above start, {frames:,} frames, 8 animals", peak(path, frames), "MiB"))
    return rows


def _timed(path: Path, frames: int, zones: int) -> float:
    return seconds(lambda: analyse(path, frames, zones))


def write_swimmers(path: Path, frames: int, animals: int) -> None:
    """Random walkers in a flume of 1.6 × 1 × 0.4 m, reflected at its walls, seen in 95 % of the frames."""
    generator = np.random.default_rng(7)
    size = np.array([1.6, 1.0, 0.4])
    steps = (
        generator.normal(0, 0.004, (frames, animals, 3)).cumsum(axis=0) + generator.uniform(0, 1, (animals, 3)) * size
    )
    folded = np.abs((steps + size) % (2 * size) - size)
    seen = np.repeat(generator.random((frames // 10 + 1, animals)) < 0.95, 10, axis=0)[:frames].ravel()
    frame = np.repeat(np.arange(frames, dtype=np.int32), animals)[seen]
    values = {"frame": frame, "time_s": frame / _FPS, **dict(zip("xyz", folded.reshape(-1, 3)[seen].T, strict=True))}
    names = pa.array([f"fish_{number}" for number in range(animals)])
    columns = {name: pa.array(column) for name, column in values.items()}
    columns["individual"] = names.take(pa.array(np.tile(np.arange(animals), frames)[seen]))
    columns["state"] = pa.array(["observed"]).take(pa.array(np.zeros(len(frame), np.int8)))
    zero = pa.array(np.zeros(len(frame), np.int16))
    table = pa.table({name: columns.get(name, zero) for name in TRAJECTORIES.names}).cast(TRAJECTORIES)
    write_table(path, table.replace_schema_metadata({"unit": "m"}))


def analyse(path: Path, frames: int, zones: int) -> None:
    """What `skein zones` computes, without reading the videos' clock."""
    edges = np.arange(frames + 1) / _FPS
    side = 1.6 / zones
    listed = tuple(
        Zone(name=f"zone {index}", polygon=[(index * side, 0), ((index + 1) * side, 0), ((index + 1) * side, 1),
                                            ((index + 0.5) * side, 0.7), (index * side, 1)])
        for index in range(zones)
    )  # fmt: skip
    analysis = Analysis(listed, edges, ZoneParameters(bin_s=60.0))
    analysed(analysis, Trajectories.open(path), {}, lambda done, total, message="": None)


def peak(path: Path, frames: int) -> float:
    """Highest resident memory of a fresh process while it works, less that before, MiB."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_watched, args=(path, frames, sender))
    process.start()
    start = receiver.recv()
    highest, own = start, psutil.Process(process.pid)
    while process.is_alive():
        try:
            highest = max(highest, own.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        process.join(0.005)
    return (highest - start) / 2**20


def _watched(path: Path, frames: int, sender: "multiprocessing.connection.Connection") -> None:
    sender.send(psutil.Process().memory_info().rss)
    analyse(path, frames, 4)
