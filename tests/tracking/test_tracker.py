"""Scenes in which it is clear what should come out."""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pytest

from benchmarks._swimmers import Swimmers, detect, swim
from pipeline.tracking.evaluation import Labels, purity
from pipeline.tracking.part import Part, part_of
from pipeline.tracking.scale import Scale, measure
from pipeline.tracking.tracker import Limits, Tracker
from pipeline.types import DETECTIONS

SCALE = Scale(length=50, area=600, step=20, speed=6, noise=1, acceleration=0.5, size_change=0.1, turn=0.1)
Blob = tuple[float, float, float, float]  # x, y, area, score


def part(frames: Iterable[tuple[int, list[Blob]]], width: float = 48, height: float = 14) -> Part:
    rows = [(frame, number, *blob) for frame, blobs in frames for number, blob in enumerate(blobs)]
    table = np.array(rows, float).reshape(-1, 6)
    x, y, area = table[:, 2], table[:, 3], table[:, 4]
    wide = np.where(area > 900, 2 * width, width)  # a blob of two lies over both
    columns = {
        "frame": table[:, 0], "detection": table[:, 1], "x": x, "y": y, "left": x - wide / 2, "top": y - height / 2,
        "width": wide, "height": np.full(len(x), height), "area": area, "orientation": np.zeros(len(x)),
        "score": table[:, 5], "class_id": np.zeros(len(x)), "mask": [b""] * len(x),
    }  # fmt: skip
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in DETECTIONS]
    return part_of(pa.Table.from_arrays(arrays, schema=DETECTIONS))


def tracklets(of: Part, scale: Scale = SCALE, limits: Limits | None = None) -> dict[int, list[tuple[int, int]]]:
    """Tracklet → (frame, number of the detection)."""
    rows, numbers, _ = Tracker(scale, limits).track(of)
    found: dict[int, list[tuple[int, int]]] = {}
    for row, number in zip(rows, numbers, strict=True):
        found.setdefault(int(number), []).append((int(of.frame[row]), int(of.detection[row])))
    return found


def one(place: Callable[[int], tuple[float, float]], frame: int, area: float = 600, score: float = 1) -> Blob:
    return (*place(frame), area, score)


def along(y: float, start: float = 100, speed: float = 5) -> Callable[[int], tuple[float, float]]:
    return lambda frame: (start + speed * frame, y)


def test_two_animals_side_by_side_are_two_tracklets() -> None:
    a, b = along(100), along(140)
    found = tracklets(part((frame, [one(a, frame), one(b, frame)]) for frame in range(50)))
    assert sorted(map(len, found.values())) == [50, 50]
    assert {frozenset(number for _, number in rows) for rows in found.values()} == {frozenset([0]), frozenset([1])}


def test_a_short_gap_stays_one_tracklet_and_a_long_one_does_not() -> None:
    path = along(100)
    seen = [frame for frame in range(60) if not 20 <= frame < 23]
    assert len(tracklets(part((frame, [one(path, frame)]) for frame in seen))) == 1
    limits = Limits(longest_gap=2)
    assert len(tracklets(part((frame, [one(path, frame)]) for frame in seen), limits=limits)) == 2


def test_frames_without_any_detection_count_as_time() -> None:
    path = along(100)
    far = [*range(20), *range(50, 70)]  # 30 frames away: 150 px, patience 15
    assert len(tracklets(part((frame, [one(path, frame)]) for frame in far))) == 2


def test_a_crossing_at_speed_is_followed_through() -> None:
    """Motion alone tells them apart: at the crossing each goes on straight, 10 px per frame from the other."""
    a, b = along(100, 0, 10), along(100, 300, -10)
    frames = [(frame, [one(a, frame), one(b, frame)]) for frame in range(31) if abs(15 - frame) > 0]
    found = tracklets(part(frames))
    whole = {frozenset(number for _, number in rows) for rows in found.values() if len(rows) > 5}
    assert whole == {frozenset([0]), frozenset([1])}


def test_touching_animals_end_their_tracklets_and_begin_new_ones() -> None:
    """They meet, are one blob for ten frames, and part: nobody can know whether they turned back or passed."""

    def frame_of(frame: int) -> list[Blob]:
        distance = 5 * abs(frame - 30)
        if distance < 25:
            return [(300, 100, 1150, 1)]
        return [(300 - distance, 100, 600, 1), (300 + distance, 100, 600, 1)]

    of = part((frame, frame_of(frame)) for frame in range(61))
    found = tracklets(of)
    for rows in found.values():
        frames = [frame for frame, _ in rows]
        assert max(frames) < 30 or min(frames) > 30
    before = [rows for rows in found.values() if rows[0][0] < 20]
    assert len(before) == 2
    assert max(frame for rows in before for frame, _ in rows) < 26


def test_an_animal_in_two_pieces_stays_one() -> None:
    def frame_of(frame: int) -> list[Blob]:
        x = 100 + 4 * frame
        return [(x - 12, 100, 350, 1), (x + 18, 100, 200, 1)] if frame in (20, 21) else [(x, 100, 600, 1)]

    of = part((frame, frame_of(frame)) for frame in range(40))
    found = tracklets(of)
    assert len(found) == 1
    row = int(np.flatnonzero(of.frame == 20)[0])
    assert of["area"][row] == pytest.approx(550)
    assert of["x"][row] == pytest.approx(180 - 12 + 30 * 200 / 550, abs=1e-4)
    assert of["width"][row] == pytest.approx(30 + 48)


@pytest.mark.parametrize("leg", [30, 200])
@pytest.mark.parametrize("apart", [5, 60])
def test_a_piece_that_comes_off_and_back_does_not_cost_the_animal_its_positions(leg: float, apart: int) -> None:
    """A leg is taken for an animal of its own while it seems apart; when it is whole again, nothing is hidden."""

    def frame_of(frame: int) -> list[Blob]:
        if 20 <= frame < 20 + apart:
            return [(300, 100, 1400 - leg, 1), (322, 110, leg, 1)]
        return [(300, 100, 1400, 1)]

    limits = Limits(patience=15)
    of = part((frame, frame_of(frame)) for frame in range(400))
    found = tracklets(of, limits=limits)
    whole = {frame for rows in found.values() for frame, number in rows if number == 0}
    # A large piece that was apart for long may be an animal, and is looked for in the blob for ten times the patience.
    hidden = 160 if apart > limits.patience and leg > 140 else 1
    assert len(whole) >= 400 - hidden


def test_a_low_score_continues_a_track_but_starts_none() -> None:
    path = along(100)
    of = part((frame, [one(path, frame, score=0.3 if frame > 20 else 1), (500, 500, 600, 0.3)]) for frame in range(40))
    found = tracklets(of)
    assert list(map(len, found.values())) == [40]


def test_parts_make_no_difference() -> None:
    truth = swim(3, 6, 200)
    table = detect(truth, 3)
    whole = part_of(table)
    scale = measure([whole])
    rows, numbers, _ = Tracker(scale).track(whole)
    tracker, first = Tracker(scale), int(np.searchsorted(whole.frame, 90))
    early = tracker.track(part_of(table.slice(0, first)))
    late = tracker.track(part_of(table.slice(first)))
    np.testing.assert_array_equal(np.concatenate([early[0], late[0] + first]), rows)
    np.testing.assert_array_equal(np.concatenate([early[1], late[1]]), numbers)


def labelled(truth: Swimmers, seed: int, **kind: float) -> tuple[float, float]:
    """Purity of the tracklets, and the share of the detections of animals that are in one."""
    of = part_of(detect(truth, seed, **kind))
    rows, numbers, _ = Tracker(measure([of])).track(of)
    boxes = np.column_stack([of[name][rows] for name in ("left", "top", "width", "height")])
    return purity(truth.labels(), Labels(of.frame[rows], numbers, boxes)), len(rows) / len(of)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("merge", [False, True])
def test_tracklets_are_pure(seed: int, merge: bool) -> None:
    pure, used = labelled(swim(seed, 8, 300), seed, merge=merge)
    assert pure >= 0.999
    assert used > 0.9


def test_tracklets_are_pure_in_a_crowd() -> None:
    pure, _ = labelled(swim(0, 40, 150), 0, merge=True)
    assert pure >= 0.99
