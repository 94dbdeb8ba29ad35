"""Who is where, sample by sample: gaps, exit threshold, bouts, priorities."""

import numpy as np
import pytest

from pipeline.api import Zone
from plugins.zones.membership import membership, runs
from tests.plugins.zone_tracks import A, B, analysis, judged


def said(track: str, zones: tuple[Zone, ...] = (A, B), **choices: object) -> str:
    """The place at each sample, in the letters of the tracks: A, B, outside '.', lost '?'."""
    animal = judged(analysis(len(track), zones, **choices), track).membership
    letters = np.full(len(track), "!")
    for name, mask in [*zip("AB", animal.zones, strict=False), (".", animal.outside), ("?", animal.lost)]:
        assert (letters[mask] == "!").all(), "a sample has two places"
        letters[mask] = name
    return "".join(letters)


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        ("AA??AA", "AAAAAA"),  # two samples are held
        ("AA???AA", "AA???AA"),  # three are lost
        ("AA??..", "AAAA.."),  # held with the last zone, whatever comes
        ("..??AA", "....AA"),
        ("?A.", "?A."),  # before the first sight there is no zone to hold, however short
        ("???A.", "???A."),
        ("A.??", "A..."),  # a short gap at the end is held
        ("A.???", "A.???"),
        ("????", "????"),
    ],
)
def test_gaps(track: str, expected: str) -> None:
    assert said(track) == expected


def test_the_held_gap_can_be_given_in_seconds() -> None:
    assert said("A???A", hold_gap_s=3.0) == "AAAAA"
    assert said("A???A", hold_gap_s=2.9) == "A???A"
    assert said("A?A", hold_gap=0) == "A?A"


def test_fifty_samples_of_20_ms_are_one_second() -> None:
    animal = judged(analysis(52, fps=50, hold_gap_s=1.0), "A" + 50 * "?" + "A").membership
    assert not animal.lost.any()


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        ("A.aA", "A..A"),  # past the threshold it is out, and the band is no way in
        ("AaaA", "AAAA"),  # in the band it stays in
        ("aaA", "..A"),  # an animal that begins in the band is out
        ("Aa??a", "AAAAA"),  # the held gap keeps it
        ("Aa???a", "AA???."),  # a loss forgets it
    ],
)
def test_exit_threshold(track: str, expected: str) -> None:
    assert said(track, exit_threshold=0.2) == expected


def test_the_threshold_itself_is_still_in() -> None:
    assert said("AaA", exit_threshold=0.1 + 1e-12) == "AAA"
    assert said("AaA", exit_threshold=0.09) == "A.A"


def test_short_bouts_are_no_visits() -> None:
    assert said("A.AA.AAA", minimum_bout_s=2) == "..AA.AAA"
    assert said("A.AA.AAA", minimum_bout_s=3) == ".....AAA"
    assert said("A?A.", minimum_bout_s=3) == "AAA."  # the held sample belongs to the bout


def test_a_minimum_bout_of_so_many_samples_keeps_a_visit_of_as_many() -> None:
    """7 · 0.1 s is 0.7000000000000001 − rounding must not decide."""
    parameters = {"fps": 10.0, "minimum_bout_s": 0.3}
    for lead in range(1, 40):
        track = "." * lead + "AAA."
        assert judged(analysis(len(track), **parameters), track).membership.zones[0].sum() == 3


def test_the_lowest_priority_number_wins_and_a_short_visit_leaves_the_other_whole() -> None:
    wide = Zone(name="B", polygon=[(0, 0), (9, 0), (9, 1), (0, 1)], priority=2)
    first = A.model_copy(update={"priority": 1})
    assert said("BBABB", (first, wide)) == "BBABB"
    assert said("BBABB", (first, wide), minimum_bout_s=2) == "BBBBB"
    assert said("BABB", (first, wide)) == "BABB"
    assert said("BAABB", (first, wide), minimum_bout_s=2) == ".AABB"  # priority cut B's first visit to one sample


def test_overlapping_zones_hold_an_animal_together() -> None:
    wide = Zone(name="wide", polygon=[(0, 0), (9, 0), (9, 1), (0, 1)])
    animal = judged(analysis(4, (A, wide)), "A.B?").membership
    np.testing.assert_array_equal(animal.zones, [[1, 0, 0, 0], [1, 1, 1, 1]])


def test_interpolated_samples_may_be_refused() -> None:
    used = judged(analysis(5), "AAAAA", " iii ").membership
    assert used.interpolated.sum() == 3
    assert not used.lost.any()
    refused = judged(analysis(5, use_interpolated=False), "AAAAA", " iii ").membership
    assert refused.lost.sum() == 3
    assert refused.interpolated.sum() == 0


def test_without_height_a_volume_is_judged_from_above() -> None:
    tall = Zone(name="tall", polygon=A.polygon, z=(5, 6))
    settings = analysis(1, (tall,))
    flat, deep = np.array([[0.5, 0.5, np.nan]]), np.array([[0.5, 0.5, 0.0]])
    for position, expected in ((flat, True), (deep, False)):
        found = membership(position, np.zeros(1, bool), settings.edges, settings.zones, settings.parameters)
        assert found.zones[0, 0] == expected


def test_runs() -> None:
    starts, stops = runs(np.array([1, 1, 0, 1, 0, 0, 1], bool))
    assert starts.tolist() == [0, 3, 6]
    assert stops.tolist() == [2, 4, 7]
    assert runs(np.zeros(0, bool))[0].tolist() == []
