"""Zone statistics against tracks counted by hand (1 sample = 1 s unless said), and as properties of any track."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.api import Zone
from plugins.zones.counts import count_rows
from tests.plugins.zone_tracks import A, B, analysis, judged, positions

NAN = np.nan


def rows_of(track: str, name: str = "zones", interpolated: str = "", **choices: object) -> pd.DataFrame:
    settings = analysis(len(track), **choices)
    return settings.rows(judged(settings, track, interpolated))[name]


def row(track: str, zone: str, bin: int = 0, interpolated: str = "", **choices: object) -> dict:
    rows = rows_of(track, interpolated=interpolated, **choices)
    return rows[(rows.zone == zone) & (rows.bin == bin)].iloc[0].to_dict()


def check(found: dict, **expected: object) -> None:
    for name, value in expected.items():
        np.testing.assert_equal(found[name], value, err_msg=name)


def test_a_visit_at_the_start_is_a_visit_but_no_entry() -> None:
    check(row("AA..A.", "A"), samples=3, time_s=3, visits=2, entries=1, latency_visit_s=0, latency_entry_s=4,
          censored=0, truncated=False, mean_visit_s=1.5, median_visit_s=1.5, max_visit_s=2)  # fmt: skip


def test_a_visit_open_at_the_end_is_kept_and_flagged() -> None:
    check(row("..AAA", "A"), time_s=3, visits=1, entries=1, truncated=True, max_visit_s=3)
    check(row("..AAA?", "A"), time_s=4, visits=1, truncated=True)
    check(row("..AAA???", "A"), time_s=3, visits=1, truncated=False)  # lost before the end


def test_an_animal_that_never_enters() -> None:
    check(row("..???.B", "A"), time_s=0, visits=0, entries=0, latency_visit_s=NAN, latency_entry_s=NAN, censored=1,
          observed_s=4, lost_s=3, mean_visit_s=NAN, mean_speed=NAN, distance=0, dwell_lower_s=0,
          dwell_upper_s=3)  # fmt: skip


def test_gaps_at_the_start_in_the_middle_and_at_the_end() -> None:
    track = "???AA???A..????"
    check(row(track, "A"), time_s=3, visits=2, entries=0, latency_visit_s=3, latency_entry_s=NAN, observed_s=5,
          lost_s=10, dwell_lower_s=3, dwell_upper_s=13, tracked_percent=60, recording_percent=20)  # fmt: skip
    check(row(track, "outside"), time_s=2, visits=1, entries=1)
    check(row(track, "lost"), time_s=10, visits=3, tracked_percent=NAN, dwell_lower_s=NAN, distance=NAN)
    visits = rows_of(track, "visits")
    assert visits.zone.tolist() == ["lost", "A", "lost", "A", "outside", "lost"]
    assert visits.begins.tolist() == ["start", "found", "entry", "found", "entry", "entry"]
    assert visits.ends.tolist() == ["exit", "lost", "exit", "exit", "lost", "end"]


def test_two_missing_samples_are_held_and_said() -> None:
    check(row("A??A.", "A"), time_s=4, visits=1, held_s=2, observed_s=5, lost_s=0)
    check(row("A???A.", "A"), time_s=2, visits=2, held_s=0, observed_s=3, lost_s=3)


def test_interpolated_time_is_said() -> None:
    check(row("AAAA..", "A", interpolated=" ii  i"), time_s=4, interpolated_s=3, observed_s=6)


def test_distance_needs_both_ends_in_the_zone() -> None:
    settings = analysis(7, fps=2.0)
    xyz = np.zeros((7, 3))
    xyz[:, 0] = [0.1, 0.4, 0.8, 2.0, 0.5, NAN, 0.9]
    xyz[5] = NAN
    rows = settings.rows(settings.animal("fish", xyz, np.zeros(7, bool)))
    in_a = rows["zones"].iloc[0]
    assert in_a.distance == pytest.approx(0.7)  # 0.1 → 0.4 → 0.8; not over the held gap
    assert in_a.mean_speed == pytest.approx(0.7 / 1.0)
    assert rows["visits"].distance.tolist() == pytest.approx([0.7, 0.0, 0.0])


def test_heights_count_for_the_path() -> None:
    settings = analysis(2)
    xyz = np.array([[0.1, 0.1, 0.0], [0.4, 0.5, 1.2]])
    rows = settings.rows(settings.animal("fish", xyz, np.zeros(2, bool)))["zones"]
    assert rows.distance[0] == pytest.approx(1.3)
    xyz[:, 2] = NAN
    rows = settings.rows(settings.animal("fish", xyz, np.zeros(2, bool)))["zones"]
    assert rows.distance[0] == pytest.approx(0.5)


def test_a_bin_is_an_observation_of_its_own() -> None:
    track = ".AAAAA|..A??|?..".replace("|", "")
    first = row(track, "A", 0, bin_s=4)
    check(first, start_s=0, stop_s=4, time_s=3, visits=1, entries=1, latency_visit_s=1, truncated=True, max_visit_s=3)
    check(row(track, "A", 1, bin_s=4), time_s=2, visits=1, entries=0, latency_visit_s=0, latency_entry_s=NAN,
          truncated=False)  # fmt: skip
    third = row(track, "A", 2, bin_s=4)
    check(third, time_s=1, visits=1, entries=1, latency_visit_s=0, lost_s=3, recording_percent=25, tracked_percent=100)
    check(row(track, "A", 3, bin_s=4), start_s=12, stop_s=14, time_s=0, censored=1, recording_percent=0)


def test_bins_of_a_rate_that_is_no_binary_fraction_hold_equal_samples() -> None:
    rows = rows_of("A" * 300, fps=30.0, bin_s=0.7)
    samples = rows[rows.zone == "A"].samples.tolist()
    assert samples == [21] * 14 + [6]


def test_bins_shorter_than_a_sample_vanish() -> None:
    rows = rows_of("AB.", bin_s=0.25)
    assert rows[rows.zone == "A"].samples.tolist() == [1, 0, 0]


def test_transitions_need_both_zones_seen_without_a_loss() -> None:
    counts = rows_of("A.BB..A??B.???A.A.B", "transitions").set_index(["from", "to"])["count"]
    assert counts["A", "B"] == 3  # also over held samples; the last one skips A's own second visit
    assert counts["B", "A"] == 1  # the second way back is broken by the loss
    assert rows_of("A???B", "transitions")["count"].tolist() == [0, 0]
    assert rows_of("....", "transitions")["count"].tolist() == [0, 0]


def test_transitions_between_overlapping_zones() -> None:
    wide = Zone(name="wide", polygon=[(0, 0), (3, 0), (3, 1), (0, 1)])
    counts = rows_of("B.A.B", "transitions", zones=(A, wide, B)).set_index(["from", "to"])["count"]
    assert counts["B", "wide"] == counts["wide", "A"] == counts["A", "B"] == 1
    assert counts.sum() == 3


def test_the_number_of_animals_over_time() -> None:
    settings = analysis(4, bin_s=2)
    animals = [judged(settings, track).stays for track in ("AA.A", "A..A", "BBBB", "???A")]
    counts = count_rows(settings.names, animals, settings.bins).set_index(["zone", "bin"])
    assert counts.loc[("A", 0), ["mean", "sd", "max"]].tolist() == [1.5, 0.5, 2]
    assert counts.loc[("A", 1), ["mean", "sd", "max"]].tolist() == [1.5, 1.5, 3]
    assert counts.loc[("B", 0), ["mean", "sd", "max"]].tolist() == [1, 0, 1]
    assert counts.loc[("lost", 0), "mean"] == 1
    assert counts.loc[("lost", 1), "mean"] == 0.5
    assert (counts.individuals == 4).all()
    assert counts["mean"].groupby("bin").sum().tolist() == [4, 4]


def test_uneven_samples_weigh_by_their_time() -> None:
    settings = analysis(3)
    edges = np.array([0, 1, 1.5, 4])
    uneven = type(settings)(settings.zones, edges, settings.parameters)
    rows = uneven.rows(uneven.animal("fish", positions("A.A"), np.zeros(3, bool)))["zones"]
    assert rows.time_s.tolist() == [3.5, 0, 0.5, 0]


tracks = st.text("ABa.?", min_size=1, max_size=60)
choices = st.fixed_dictionaries(
    {},
    optional={
        "hold_gap": st.integers(0, 4),
        "exit_threshold": st.sampled_from([0.05, 0.2]),
        "minimum_bout_s": st.sampled_from([0.1, 0.2]),
        "bin_s": st.sampled_from([0.1, 0.25, 0.7, 100.0]),
    },
)


@settings(deadline=None, max_examples=30)
@given(tracks, choices)
def test_the_rows_of_one_animal_reconcile_to_the_sample(track: str, chosen: dict) -> None:
    rows = rows_of(track, fps=20.0, **chosen)
    per_bin = rows.groupby("bin")
    assert rows.samples.sum() == len(track)
    np.testing.assert_allclose(per_bin.time_s.sum(), per_bin.stop_s.first() - per_bin.start_s.first(), atol=1e-12)
    np.testing.assert_allclose(rows.observed_s + rows.lost_s, rows.stop_s - rows.start_s, atol=1e-12)
    visits = rows_of(track, "visits", fps=20.0, **chosen)
    assert visits.duration_s.sum() == pytest.approx(len(track) / 20)
    np.testing.assert_allclose(
        visits.start_s[1:], visits.stop_s[:-1], atol=1e-12
    )  # exclusive here: one after the other


@settings(deadline=None, max_examples=30)
@given(tracks, choices)
def test_overlapping_zones_reconcile_once_the_overlap_is_taken_off(track: str, chosen: dict) -> None:
    wide = Zone(name="wide", polygon=[(0, 0), (3, 0), (3, 1), (0, 1)])
    rows = rows_of(track, zones=(A, wide, B), fps=20.0, **chosen)
    assert (rows.time_s - rows.overlap_s).sum() == pytest.approx(len(track) / 20)
    apart = [zone.model_copy(update={"priority": rank}) for rank, zone in enumerate((A, wide, B))]
    exclusive = rows_of(track, zones=tuple(apart), fps=20.0, **chosen)
    assert exclusive.overlap_s.sum() == 0
    assert exclusive.samples.sum() == len(track)


@settings(deadline=None, max_examples=30)
@given(tracks, st.sampled_from([0.1, 0.25, 0.7]))
def test_bins_add_up_to_the_whole(track: str, length: float) -> None:
    whole = rows_of(track, fps=20.0).set_index("zone")
    parts = rows_of(track, fps=20.0, bin_s=length).groupby("zone")
    for column in ("samples", "time_s", "entries", "distance", "lost_s", "held_s"):
        np.testing.assert_allclose(parts[column].sum()[whole.index], whole[column].fillna(0), atol=1e-9, err_msg=column)
