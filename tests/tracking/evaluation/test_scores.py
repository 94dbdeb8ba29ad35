"""Cases small enough to be worked out by hand."""

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.tracking.evaluation import Labels, combine, evaluate_mot, overlaps, purity


def points(*rows: tuple[int, str, float, float]) -> Labels:
    return Labels(
        np.array([row[0] for row in rows], int),
        np.array([row[1] for row in rows], str),
        np.array([row[2:] for row in rows], float).reshape(-1, 2),
    )


def still(name: str, x: float, frames: range | list[int]) -> list[tuple[int, str, float, float]]:
    return [(frame, name, x, 0.0) for frame in frames]


TWO = points(*still("a", 0, range(4)), *still("b", 10, range(4)))


def test_truth_against_itself_is_perfect() -> None:
    row = evaluate_mot(TWO, TWO, distance=1).row()
    assert [row[name] for name in ("mota", "idf1", "idp", "idr", "hota", "deta", "assa", "loca")] == [1] * 8
    assert row["motp"] == row["switches"] == row["misses"] == row["false_positives"] == 0


def test_two_tracks_that_swap_halfway() -> None:
    swapped = points(*still("1", 0, [0, 1]), *still("2", 10, [0, 1]), *still("2", 0, [2, 3]), *still("1", 10, [2, 3]))
    row = evaluate_mot(TWO, swapped, distance=1).row()
    assert row["switches"] == 2
    assert row["mota"] == 1 - 2 / 8
    assert row["idf1"] == 0.5
    # Each of the four pairs meets in 2 frames of 4 + 4 − 2.
    assert row["assa"] == pytest.approx(1 / 3)
    assert row["hota"] == pytest.approx(np.sqrt(1 / 3))
    assert purity(TWO, swapped, distance=1) == 0.5


def test_an_animal_that_is_lost_and_found() -> None:
    row = evaluate_mot(points(*still("a", 0, range(5))), points(*still("1", 0, [0, 1, 3])), distance=1).row()
    assert (row["misses"], row["fragmentations"], row["switches"], row["partly_tracked"]) == (2, 1, 0, 1)
    assert row["mota"] == row["recall"] == pytest.approx(3 / 5)
    assert row["idf1"] == 2 * 3 / (5 + 3)
    assert row["deta"] == pytest.approx(3 / 5)
    assert row["assa"] == pytest.approx(3 / 5)


def test_a_switch_over_a_gap_counts_once_and_a_return_to_the_same_track_does_not() -> None:
    truth = points(*still("a", 0, range(6)))
    tracks = points(*still("1", 0, [0, 1]), *still("2", 0, [3, 5]))
    assert evaluate_mot(truth, tracks, distance=1).clear.switches == 1
    assert evaluate_mot(truth, tracks, distance=1).clear.fragmentations == 2


@pytest.mark.parametrize(("offset", "matches"), [(1.0, 1), (1.001, 0)])
def test_the_gate_is_inclusive(offset: float, matches: int) -> None:
    clear = evaluate_mot(points((0, "a", 0, 0)), points((0, "1", offset, 0)), distance=1).clear
    assert (clear.matches, clear.misses, clear.false_positives) == (matches, 1 - matches, 1 - matches)
    assert clear.motp == 1 if matches else np.isnan(clear.motp)


def test_a_match_is_kept_although_another_track_comes_nearer() -> None:
    truth = points(*still("a", 0, range(2)))
    tracks = points((0, "1", 0.5, 0), (1, "1", 0.5, 0), (1, "2", 0.0, 0))
    clear = evaluate_mot(truth, tracks, distance=1).clear
    assert (clear.switches, clear.false_positives) == (0, 1)
    assert clear.motp == 0.5


def test_frames_that_only_one_side_has_count() -> None:
    clear = evaluate_mot(points((0, "a", 0, 0)), points((5, "1", 0, 0)), distance=1).clear
    assert (clear.misses, clear.false_positives) == (1, 1)


def test_three_dimensions_and_missing_positions() -> None:
    truth = Labels(np.array([0, 1]), np.array([7, 7]), np.array([[0, 0, 0], [0, 0, np.nan]]))
    tracks = Labels(np.array([0, 1]), np.array([1, 1]), np.array([[0, 0, 0.02], [0, 0, 0]]))
    row = evaluate_mot(truth, tracks, distance=0.03).row()
    assert row["motp"] == pytest.approx(0.02)
    assert (row["truth"], row["false_positives"]) == (1, 1)


def test_nothing_at_all() -> None:
    none = points()
    row = evaluate_mot(none, none, distance=1).row()
    assert np.isnan(row["mota"])
    assert row["hota"] == 0
    assert evaluate_mot(TWO, none, distance=1).row()["mota"] == 0
    assert np.isnan(purity(TWO, none, distance=1))


def test_sequences_add_up_and_their_animals_are_different_ones() -> None:
    good, none = evaluate_mot(TWO, TWO, distance=1), evaluate_mot(TWO, points(), distance=1)
    row = combine([good, none]).row()
    assert row["individuals"] == 4
    assert row["mota"] == row["recall"] == row["deta"] == 0.5
    assert row["assa"] == 1
    assert row["idf1"] == pytest.approx(2 * 8 / (16 + 8))


def test_overlap_of_boxes() -> None:
    found = overlaps([[0, 0, 2, 2], [0, 0, 0, 0]], [[1, 0, 2, 2], [5, 5, 1, 1], [0, 0, 2, 2]])
    np.testing.assert_allclose(found, [[1 / 3, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: points((0, "a", 0, 0), (0, "a", 1, 1)), "got a twice in frame 0"),
        (lambda: Labels(np.zeros(2), np.zeros(2), np.zeros((3, 2))), "expected N frames"),
        (lambda: evaluate_mot(TWO, TWO), "boxes of 4 columns"),
        (lambda: evaluate_mot(TWO, TWO, distance=0), "above 0"),
    ],
)
def test_what_cannot_be_evaluated_is_said(call: object, message: str) -> None:
    with pytest.raises(SkeinError, match=message):
        call()  # type: ignore[operator]
