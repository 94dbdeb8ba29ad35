"""What the page Tracks reads: one frame with its tails and masks, and summaries. Only the slices that are needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import duckdb
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.api import Experiment, project, read_calibration
from pipeline.segmentation.masks import decode

Floats = NDArray[np.float64]
_COLUMNS = ("frame", "track", "tracklet", "detection", "x", "y", "left", "top", "width", "height", "state")


@dataclass(frozen=True)
class Summary:
    """The tracks of one camera.

    Parameters
    ----------
    tracks, tracklets
        How many.
    observed, interpolated
        Rows of each state.
    frames
        Frames in which at least one animal is tracked.
    last_frame
        The last of them, -1 where there is none.
    """

    tracks: int
    tracklets: int
    observed: int
    interpolated: int
    frames: int
    last_frame: int

    def covered(self, frames: int | None, animals: int | None) -> float | None:
        """Share of all animals' frames that has a position; None where the length or the number is not known."""
        if not frames or not animals:
            return None
        return min(1.0, (self.observed + self.interpolated) / (frames * animals))


def summary(path: Path) -> Summary:
    """Summary of a camera's tracks; kept until the file changes."""
    status = path.stat()
    return _summary(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _summary(path: Path, _modified: int, _size: int) -> Summary:
    query = """
        SELECT count(DISTINCT track), count(DISTINCT tracklet), count(*) FILTER (state = 'observed'),
            count(*) FILTER (state <> 'observed'), count(DISTINCT frame), coalesce(max(frame), -1)
        FROM read_parquet(?)"""
    with duckdb.connect() as connection:
        row = connection.execute(query, [str(path)]).fetchone()
    assert row is not None
    return Summary(*map(int, row))


@dataclass(frozen=True, eq=False)
class Lanes:
    """Tracklets over time.

    Parameters
    ----------
    rows
        One per tracklet, ordered by lane and time: `track, tracklet, first, last` (frames), `interpolated` (rows),
        `lane` (from 0).
    tracks
        One per track: `track, first, last, lane`.
    total
        Number of tracklets that there are.
    packed
        Whether a lane holds several tracks, because there are too many for one lane each.
    """

    rows: pd.DataFrame
    tracks: pd.DataFrame
    total: int
    packed: bool

    @property
    def note(self) -> str:
        """What was left out, or nothing."""
        if len(self.rows) >= self.total:
            return ""
        return f"Showing {len(self.rows):,} of {self.total:,} tracklets, the longest."


def lanes(path: Path, most: int = 500, rows: int = 40) -> Lanes:
    """The longest tracklets, each track in a lane; kept until the file changes.

    Parameters
    ----------
    most
        Tracklets to read.
    rows
        With more tracks than this, a lane takes several that follow each other.
    """
    status = path.stat()
    return _lanes(path, status.st_mtime_ns, status.st_size, most, rows)


@lru_cache(maxsize=64)
def _lanes(path: Path, _modified: int, _size: int, most: int, limit: int) -> Lanes:
    span = "min(frame) AS first, max(frame) AS last"
    longest = "ORDER BY max(frame) - min(frame) DESC"
    query = f"""
        SELECT track, tracklet, {span}, count(*) FILTER (state <> 'observed') AS interpolated, count(*) OVER () AS total
        FROM read_parquet(?) GROUP BY track, tracklet {longest}, tracklet LIMIT ?"""
    with duckdb.connect() as connection:
        found = connection.execute(query, [str(path), most]).df()
        query = f"SELECT track, {span} FROM read_parquet(?) GROUP BY track {longest}, track LIMIT ?"
        tracks = connection.execute(query, [str(path), most]).df().sort_values("track", ignore_index=True)
    total = int(found["total"].iloc[0]) if len(found) else 0
    packed = len(tracks) > limit
    lane = _packed(tracks) if packed else {track: at for at, track in enumerate(tracks["track"])}
    tracks["lane"] = tracks["track"].map(lane)
    found = found[found["track"].isin(lane)].drop(columns="total")
    found["lane"] = found["track"].map(lane)
    return Lanes(found.sort_values(["lane", "first"], ignore_index=True), tracks, total, packed)


def _packed(tracks: pd.DataFrame) -> dict[int, int]:
    """Each track, in order of its start, into the first lane that is free again."""
    free: list[int] = []
    lane: dict[int, int] = {}
    for row in tracks.sort_values("first").to_dict("records"):
        at = next((number for number, until in enumerate(free) if until < row["first"]), len(free))
        free[at : at + 1] = [row["last"]]
        lane[row["track"]] = at
    return lane


def rows_until(path: Path, frame: int, tail: int) -> pd.DataFrame:
    """Rows of a frame and of the frames before it: columns of TRACKS without the statistics, ordered by track.

    Parameters
    ----------
    tail
        Number of frames before `frame`.
    """
    chosen = (pc.field("frame") >= frame - tail) & (pc.field("frame") <= frame)
    found = pq.read_table(path, columns=list(_COLUMNS), filters=chosen).to_pandas()
    return found.sort_values(["track", "frame"], ignore_index=True)


def image_size(experiment: Experiment, recording: str, camera: str) -> tuple[int, int] | None:
    """Width and height of a camera's images, px, as tracks or detections say; None where neither does."""
    parts = sorted(experiment.detections_folder(recording, camera).glob("part-*.parquet"))[:1]
    for path in (experiment.tracks_path(recording, camera), *parts):
        said = (pq.read_schema(path).metadata or {}).get(b"image_size") if path.is_file() else None
        if said:
            width, height = said.decode().split(",")
            return int(width), int(height)
    return None


def outlines(
    experiment: Experiment, recording: str, camera: str, frame: int, size: tuple[int, int]
) -> dict[int, list[Floats]]:
    """Outlines of the masks of a frame, by number of the detection.

    Returns
    -------
    Per detection, closed lines of (N, 2) px along the outermost pixels' centres; several where a mask has parts.
    """
    path = part_of(experiment.detections_folder(recording, camera), frame)
    if path is None:
        return {}
    columns = ["detection", "mask", "left", "top", "width", "height"]
    table = pq.read_table(path, columns=columns, filters=pc.field("frame") == frame).to_pydict()
    found = {}
    for at, detection in enumerate(table["detection"]):
        left, top = max(0, int(table["left"][at]) - 1), max(0, int(table["top"][at]) - 1)
        right, bottom = (
            int(table[low][at] + table[length][at]) + 2 for low, length in (("left", "width"), ("top", "height"))
        )
        cut = np.ascontiguousarray(decode(table["mask"][at], size)[top:bottom, left:right], np.uint8)
        lines, _ = cv2.findContours(cut, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        rings = [np.vstack([line[:, 0], line[:1, 0]]).astype(float) + np.array([left, top]) for line in lines]
        found[int(detection)] = rings
    return found


def part_of(folder: Path, frame: int) -> Path | None:
    """The part of the detections that holds a frame (their names say from where to where), or None."""
    for path in sorted(folder.glob("part-*.parquet")):
        first, stop = (int(number) for number in path.stem.removeprefix("part-").split("-"))
        if first <= frame < stop:
            return path
    return None


def projected(experiment: Experiment, recording: str, camera: str, frame: int) -> pd.DataFrame:
    """The animals of the 3D trajectories as a camera sees them: columns `individual, x, y` (px), `state`.

    Empty where there are no trajectories in 3D, or the camera is not calibrated.
    """
    none = pd.DataFrame({"individual": [], "x": [], "y": [], "state": []})
    path = experiment.trajectories_path(recording)
    if not path.is_file() or not experiment.calibration_path.is_file():
        return none
    cameras = read_calibration(experiment.calibration_path)
    if camera not in cameras:
        return none
    columns = ["individual", "x", "y", "z", "state"]
    rows = pq.read_table(path, columns=columns, filters=pc.field("frame") == frame).to_pandas()
    rows = rows[rows["z"].notna()]
    pixels = project(cameras[camera], rows[["x", "y", "z"]].to_numpy(float))
    width, height = cameras[camera].size
    seen = rows.assign(x=pixels[:, 0], y=pixels[:, 1])
    return seen[seen["x"].between(0, width - 1) & seen["y"].between(0, height - 1)][list(none.columns)]


def individuals(experiment: Experiment, recording: str) -> Sequence[str]:
    """All animals of the recording's trajectories, for their colours; none where there are none."""
    from dashboard.pages.trajectories_queries import summary as of_trajectories

    path = experiment.trajectories_path(recording)
    return of_trajectories(path).individuals if path.is_file() else []
