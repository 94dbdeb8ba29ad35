"""Tracking against ByteTrack and OC-SORT of the `trackers` package: frames per second and HOTA, in one run."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks import Row, seconds
from benchmarks._swimmers import detect, swim
from pipeline.errors import SkeinError
from pipeline.files import write_table
from pipeline.tracking.evaluation import Labels, evaluate_mot
from pipeline.tracking.job import Track
from pipeline.tracking.run import CameraItem, track_camera

_FPS = 30.0
_CROWDS = ((8, 2000), (30, 800), (100, 300))
_SEEDS = (11, 12, 13)
_BOX = ("left", "top", "width", "height")


@dataclass(frozen=True)
class Peer:
    """A tracker to compare with: makes a fresh one whose `update` takes a frame's detections."""

    name: str
    make: Callable[[], object]


def run() -> list[Row]:
    """Speed and HOTA at 8, 30 and 100 animals: boxes of a trained model, and blobs in which touching animals are one.

    Ours is timed whole (Parquet in, Parquet out, scale measured, tracklets stitched, gaps filled), the peers by their
    `update` alone, on detections that are already in their type, with their default parameters. They are online
    trackers, ours sees the whole recording: that, and the filled gaps, is part of the difference in HOTA.
    """
    peers, convert = _peers()
    rows: list[Row] = []
    for animals, frames in _CROWDS:
        for merge, kind in ((False, "a box each"), (True, "touching ones as one blob")):
            found = [_compare(seed, animals, frames, merge, peers, convert) for seed in _SEEDS]
            what = f"{animals} animals, {frames} frames, {kind}"
            own = [result["Skein"] for result in found]
            rows.append(_row(f"Skein: speed, {what}", [frames / one[0] for one in own], "frames/s"))
            rows.append(_row(f"Skein: HOTA, {what}", [one[1] for one in own], ""))
            for peer in peers:
                theirs = [result[peer.name] for result in found]
                speed = [other[0] / one[0] for one, other in zip(own, theirs, strict=True)]
                hota = [one[1] / other[1] for one, other in zip(own, theirs, strict=True)]
                reached = f"its HOTA: {median(other[1] for other in theirs):.3f}"
                rows.append(_row(f"speed, {what}", speed, "×", peer=peer.name, target="≥ 3"))
                rows.append(_row(f"HOTA, {what}", hota, "×", peer=peer.name, target="≥ 1.00", note=reached))
    return rows


def _row(name: str, values: list[float], unit: str, **more: str) -> Row:
    return Row(name, median(values), unit, (min(values), max(values)), **more)


def _peers() -> tuple[tuple[Peer, ...], Callable[[pa.Table], list[object]]]:
    try:
        import supervision
        import trackers

        release = version("trackers")
    except (ImportError, PackageNotFoundError) as error:
        raise SkeinError(
            f"the `trackers` package is not installed here ({error}); `make bench` installs it."
        ) from error

    def convert(table: pa.Table) -> list[object]:
        columns = {name: table[name].to_numpy().astype(np.float64) for name in (*_BOX, "score")}
        corners = np.column_stack([columns[name] for name in _BOX])
        corners[:, 2:] += corners[:, :2]
        return [
            supervision.Detections(xyxy=corners[rows], confidence=columns["score"][rows]) for rows in _frames(table)
        ]

    return (
        Peer(f"ByteTrack (trackers {release})", lambda: trackers.ByteTrackTracker(frame_rate=_FPS)),
        Peer(f"OC-SORT (trackers {release})", lambda: trackers.OCSORTTracker(frame_rate=_FPS)),
    ), convert


def _frames(table: pa.Table) -> Iterator[slice]:
    """The rows of every frame from 0 to the last, empty ones too."""
    frame = table["frame"].to_numpy()
    bounds = np.searchsorted(frame, np.arange(frame[-1] + 2))
    return (slice(a, b) for a, b in itertools.pairwise(bounds))


def _compare(
    seed: int, animals: int, frames: int, merge: bool, peers: tuple[Peer, ...], convert: Callable
) -> dict[str, tuple[float, float]]:
    """Seconds and HOTA of each tracker on the same detections; they take turns."""
    truth = swim(seed, animals, frames)
    table = detect(truth, seed, merge=merge)
    ready, labels = convert(table), truth.labels()
    results: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = {"image_size": f"{truth.size[0]},{truth.size[1]}"}
        write_table(folder / "detections" / f"part-0-{frames}.parquet", table.replace_schema_metadata(size))
        item = CameraItem("cam", folder / "detections", folder / "cam.parquet", Track(), _FPS)
        own = seconds(lambda: track_camera(item))
        tracks = pq.read_table(item.output)
        boxes = np.column_stack([tracks[column].to_numpy() for column in _BOX])
        found = Labels(tracks["frame"].to_numpy(), tracks["track"].to_numpy(), boxes)
        results["Skein"] = (own, evaluate_mot(labels, found).hota.hota)
    for peer in peers:
        given: list[object] = []
        tracker = peer.make()

        def follow(tracker: object = tracker, given: list[object] = given) -> None:
            given.extend(tracker.update(one) for one in ready)  # type: ignore[attr-defined]

        spent = seconds(follow)
        results[peer.name] = (spent, evaluate_mot(labels, _labels(given)).hota.hota)
    return results


def _labels(found: list) -> Labels:
    """What a peer gave out, but for detections without an identity (-1)."""
    frames: list[NDArray] = [np.full(len(one), frame) for frame, one in enumerate(found)]
    frame = np.concatenate(frames)
    identity = np.concatenate([np.asarray(one.tracker_id).reshape(-1) for one in found])
    corners = np.concatenate([one.xyxy.reshape(-1, 4) for one in found])
    corners[:, 2:] -= corners[:, :2]
    known = identity >= 0
    return Labels(frame[known], identity[known], corners[known])
