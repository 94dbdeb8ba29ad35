"""The classic mode, each rule by a case worked out by hand."""

import numpy as np
import pyarrow as pa
import pytest
from pycocotools import mask as coco

from pipeline.tracking.overlap import OverlapLinker, flatten, link_frames, stitch_in_passes
from pipeline.tracking.part import Part, part_of
from pipeline.tracking.tracklets import Tracklets
from pipeline.types import DETECTIONS

PASSES = ((10, 20.0, 1), (30, 20.0, 1), (60, 100.0, 2), (60, 100.0, 5))
SIZE = (60, 40)


def masks(*boxes: tuple[int, int, int, int, int]) -> Part:
    """One frame of rectangular masks: left, top, width, height, class."""
    rows = []
    for number, (left, top, width, height, class_id) in enumerate(boxes):
        image = np.zeros(SIZE[::-1], np.uint8, order="F")
        image[top : top + height, left : left + width] = 1
        rows.append(
            {
                "frame": 0,
                "detection": number,
                "x": left + (width - 1) / 2,
                "y": top + (height - 1) / 2,
                "left": left,
                "top": top,
                "width": width,
                "height": height,
                "area": width * height,
                "orientation": 0,
                "score": 1,
                "class_id": class_id,
                "mask": coco.encode(image)["counts"],
            }
        )
    return part_of(pa.Table.from_pylist(rows, schema=DETECTIONS), masks=True)


def test_a_mask_found_twice_becomes_one() -> None:
    part = masks((0, 0, 10, 10, 0), (1, 0, 10, 10, 0), (30, 0, 5, 5, 0))  # 90 of 100 common
    assert flatten(part, slice(0, 3), SIZE, 0.75).tolist() == [0, 2]
    assert (part["left"][0], part["width"][0], part["area"][0]) == (0, 11, 110)
    assert part["x"][0] == pytest.approx(5)


@pytest.mark.parametrize(
    "boxes",
    [
        ((0, 0, 10, 10, 0), (5, 0, 10, 10, 0)),  # half
        ((0, 0, 10, 10, 0), (1, 0, 10, 10, 1)),  # another class
    ],
)
def test_other_masks_stay_two(boxes: tuple) -> None:
    assert flatten(masks(*boxes), slice(0, 2), SIZE, 0.75).tolist() == [0, 1]


def test_one_over_long_match_no_longer_throws_away_the_frame() -> None:
    old = np.array([[0.0, 0], [50, 0], [300, 0]])
    new = np.array([[4.0, 0], [52, 0], [300, 180]])
    found, before = link_frames(new, old, 100)
    assert (found.tolist(), before.tolist()) == ([0, 1], [0, 1])


def test_the_least_sum_of_distances_wins() -> None:
    new, old = link_frames(np.array([[10.0, 0], [14, 0]]), np.array([[12.0, 0], [0, 0]]), 100)
    assert dict(zip(new.tolist(), old.tolist(), strict=True)) == {0: 1, 1: 0}  # 10 + 2, not 2 + 14


def points(frames: dict[int, list[tuple[float, float]]]) -> Part:
    rows = [
        dict.fromkeys(DETECTIONS.names, 0) | {"frame": frame, "detection": n, "x": x, "y": y, "mask": b""}
        for frame, found in frames.items()
        for n, (x, y) in enumerate(found)
    ]
    return part_of(pa.Table.from_pylist(rows, schema=DETECTIONS))


def test_only_consecutive_frames_are_linked() -> None:
    part = points({0: [(0, 0), (50, 0)], 1: [(50, 1), (0, 1), (200, 0)], 3: [(0, 1)]})
    rows, tracklets, _ = OverlapLinker(None).track(part)
    assert rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert tracklets.tolist() == [0, 1, 1, 0, 2, 3]


def test_linking_goes_on_over_the_border_of_two_parts() -> None:
    linker = OverlapLinker(None)
    linker.track(points({0: [(0, 0)]}))
    assert linker.track(points({1: [(99, 0), (3, 0)]}))[1].tolist() == [1, 0]
    assert linker.track(points({2: [(103.1, 0)]}))[1].tolist() == [1]


def pieces(*rows: tuple[int, int, float, float]) -> Tracklets:
    """First, last, x at the beginning, x at the end; a detection in every frame."""
    first, last, start, end = np.array(rows, float).T
    none = np.zeros((len(rows), 2))
    at = [np.column_stack([x, np.zeros(len(rows))]) for x in (start, end)]
    return Tracklets(
        first.astype(int), last.astype(int), (last - first + 1).astype(int), *at, none, none, np.zeros(len(rows))
    )


def test_a_gap_is_stitched_where_somebody_else_ended_elsewhere() -> None:
    found = stitch_in_passes(pieces((0, 10, 0, 0), (0, 12, 500, 500), (15, 30, 5, 5)), PASSES)
    assert found.tolist() == [0, 1, 0]


def test_a_lone_animal_is_not_stitched_as_in_the_original() -> None:
    assert stitch_in_passes(pieces((0, 10, 0, 0), (15, 30, 5, 5)), PASSES).tolist() == [0, 1]


def test_a_rival_that_ended_nearby_forbids_the_join() -> None:
    found = stitch_in_passes(pieces((0, 10, 0, 0), (0, 12, 10, 10), (15, 30, 5, 5)), PASSES)
    assert len(set(found.tolist())) == 3


@pytest.mark.parametrize(("begin", "joined"), [(20, True), (21, False)])
def test_the_gap_is_inclusive(begin: int, joined: bool) -> None:
    of = pieces((0, 10, 0, 0), (0, 11, 500, 500), (begin, 60, 5, 5))
    found = stitch_in_passes(of, ((10, 20.0, 1),)).tolist()
    assert (found[2] == found[0]) is joined


def test_the_earliest_of_the_near_ones_continues_and_small_ones_are_dropped() -> None:
    of = pieces((0, 10, 0, 0), (0, 11, 500, 500), (16, 60, 5, 5), (14, 14, 10, 10), (13, 40, 30, 30))
    found = stitch_in_passes(of, ((10, 20.0, 1),)).tolist()
    # 3 (frame 14) comes first, then 2; 4 is 20 px or more away.
    assert found[0] == found[3] == found[2]
    alone = pieces((0, 10, 0, 0), (40, 40, 400, 400))
    assert stitch_in_passes(alone, ((10, 20.0, 1),)).tolist() == [0, -1]
