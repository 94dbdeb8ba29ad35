"""What each stage takes, and how it grows with frames and animals: the demo's rig at several sizes."""

import tempfile
from pathlib import Path

from benchmarks import Row
from benchmarks.accuracy import whole_way
from pipeline.experiment import Experiment, read_provenance
from pipeline.synthetic import Render

_CAMERAS = 4
_SIZES = ((8, 150), (16, 150), (8, 600))
_STAGES = ("segment", "track", "reconstruct", "zones")


def durations(animals: int, frames: int) -> dict[str, float]:
    """Seconds that each job took, by its provenance."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "experiment"
        whole_way(root, Render(seed=1, animals=animals, cameras=_CAMERAS, frames=frames))
        experiment = Experiment.open(root)
        recording = experiment.recording_names[0]
        found = {}
        for name in ("render", "calibrate", *_STAGES):
            result = read_provenance(experiment, name, None if name in ("render", "calibrate") else recording)
            if result is not None and result.duration_s is not None:
                found[name] = result.duration_s
        return found


def run() -> list[Row]:
    """One run per size: how a stage grows is read down its column."""
    taken = {size: durations(*size) for size in _SIZES}
    rows = [
        Row(f"{name}: {animals} animals, {_CAMERAS} cameras, {frames} frames", taken[animals, frames][name], "s")
        for name in ("render", "calibrate")
        for animals, frames in _SIZES
    ]
    for name in _STAGES:
        for animals, frames in _SIZES:
            speed = frames / taken[animals, frames][name]
            rows.append(
                Row(
                    f"{name}: {animals} animals, {frames} frames",
                    speed,
                    "frames/s",
                    note=f"{_CAMERAS} cameras each; {taken[animals, frames][name]:.1f} s",
                )
            )
    return rows
