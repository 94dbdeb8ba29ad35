import numpy as np
import pytest

from pipeline.tracking.scale import Scale
from pipeline.tracking.stitching import Links, link, stitch
from pipeline.tracking.tracklets import Tracklets

SCALE = Scale(length=50, area=600, step=20, speed=6, noise=1, acceleration=0.5, size_change=0.1, turn=0.1)
Piece = tuple[int, int, float, float, float, float]  # first, last, x at first, y, vx, log area


def pieces(*rows: Piece) -> Tracklets:
    """Animals that swim along x at a constant speed."""
    table = np.array(rows, float)
    first, last, x, y, speed, size = table.T
    velocity = np.column_stack([speed, np.zeros(len(rows))])
    start = np.column_stack([x, y])
    return Tracklets(
        first.astype(int), last.astype(int), (last - first + 1).astype(int), start,
        start + velocity * (last - first)[:, None], velocity, velocity, size,
    )  # fmt: skip


def tracks(of: Tracklets, **settings: int) -> list[int]:
    chosen = {"max_gap": 50, "min_frames": 5, **settings}
    return stitch(of, SCALE, area=1e6, **chosen).track.tolist()


def test_a_gap_is_bridged_by_motion() -> None:
    found = tracks(pieces((0, 30, 0, 100, 5, 6), (36, 60, 180, 100, 5, 6), (36, 60, 180, 300, 5, 6)))
    assert found == [0, 0, 1]


def test_two_that_cross_in_a_shared_blob_go_on_straight() -> None:
    found = tracks(
        pieces(
            (0, 20, 100, 100, 5, 6), (0, 20, 340, 104, -5, 6),  # from the left, from the right
            (28, 50, 240, 100, 5, 6), (28, 50, 200, 104, -5, 6),
        )
    )  # fmt: skip
    assert found[2] == found[0]
    assert found[3] == found[1]


def test_size_decides_where_motion_does_not() -> None:
    still = pieces((0, 20, 100, 100, 0, 6), (0, 20, 104, 100, 0, 7), (30, 50, 104, 100, 0, 6), (30, 50, 100, 100, 0, 7))
    found = tracks(still)
    assert (found[2], found[3]) == (found[0], found[1])


def test_a_gap_longer_than_allowed_is_bridged_only_for_a_known_number_of_animals() -> None:
    far = pieces((0, 100, 0, 0, 1, 6), (300, 400, 200, 0, 1, 6))
    assert tracks(far) == [0, 1]
    assert tracks(far, animals=1) == [0, 0]


def test_pieces_are_joined_until_there_are_as_many_tracks_as_animals_and_not_further() -> None:
    """Three pieces, two animals: the likelier join is made, the other is not."""
    three = pieces((0, 100, 0, 0, 0, 6), (200, 300, 10, 0, 0, 6), (400, 500, 600, 0, 0, 6))
    assert tracks(three, animals=2) == [0, 0, 1]
    assert tracks(three, animals=3) == [0, 1, 2]


def test_what_is_short_or_one_too_many_is_dropped() -> None:
    found = stitch(
        pieces((0, 400, 0, 0, 0, 6), (10, 12, 500, 0, 0, 6), (100, 150, 700, 0, 0, 6)), SCALE,
        max_gap=50, min_frames=5, animals=1, area=1e6,
    )  # fmt: skip
    assert found.track.tolist() == [0, -1, -1]
    assert (found.short, found.surplus) == (1, 1)


def test_a_spurious_spot_does_not_bridge_an_absence() -> None:
    """It appears while the animal is unseen for a moment, and again when it is back."""
    found = tracks(
        pieces((0, 400, 0, 0, 0, 6), (409, 800, 2, 0, 0, 6), (398, 412, 150, 0, 0, 6), (790, 800, 150, 0, 0, 6)),
        animals=1,
    )
    assert found == [0, 0, -1, -1]


def test_nobody_moves_faster_than_possible() -> None:
    assert tracks(pieces((0, 20, 0, 0, 0, 6), (22, 40, 300, 0, 0, 6)), animals=None) == [0, 1]


@pytest.mark.parametrize("distance", [300.0, 500])
def test_a_flickering_spot_is_not_taken_for_an_absent_animal(distance: float) -> None:
    """Two animals; one is unseen for long, and elsewhere something flickers meanwhile."""
    animals = [(0, 1200, 0, 900, 0, 6), (0, 400, 0, 0, 0, 6), (700, 1200, 5, 0, 0, 6)]
    flicker = [(first, first + 7, distance, 0, 0, 6) for first in range(430, 690, 40)]
    of = pieces(*animals, *flicker)
    assert tracks(of, animals=2) == [0, 1, 1, *([-1] * len(flicker))]


def test_a_walk_that_nobody_can_have_taken_is_not_made_up() -> None:
    """At 6 px per frame, and a new direction every 25 frames or so, one gets some 1,000 px far in 1,000 frames."""
    assert tracks(pieces((0, 400, 0, 0, 0, 6), (1400, 1800, 900, 0, 0, 6)), animals=1) == [0, 0]
    assert tracks(pieces((0, 400, 0, 0, 0, 6), (1400, 1800, 9000, 0, 0, 6)), animals=1) == [0, 1]


def test_nothing_to_stitch() -> None:
    none = Tracklets(*([np.zeros(0, int)] * 3), *([np.zeros((0, 2))] * 4), np.zeros(0))
    assert stitch(none, SCALE, max_gap=50, min_frames=5, animals=3).track.tolist() == []


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (100, [3, 2, -1, -1]),  # 4 + 3 < 2 + 9
        (4.5, [2, -1, -1, -1]),  # 2 + 4.5 (1 alone) < 4 + 3
        (1, [-1, -1, -1, -1]),
    ],
)
def test_least_cost_in_all_with_a_price_for_a_missing_link(price: float, expected: list[int]) -> None:
    links = Links(np.array([0, 0, 1, 1]), np.array([2, 3, 2, 3]), np.array([2.0, 4, 3, 9]))
    assert link(links, 4, price).tolist() == expected
