"""The parts of the matching, each on a case that can be worked out by hand."""

import numpy as np

from pipeline.geometry import project
from pipeline.reconstruction.affinity import encounters, evidence, noise_px
from pipeline.reconstruction.chaining import Motion, Piece, chain, junction
from pipeline.reconstruction.clustering import cluster
from pipeline.reconstruction.observations import Observations, observed
from pipeline.reconstruction.paths import Rows, without_spikes
from pipeline.reconstruction.splitting import _turns, cut, split_at_contradictions
from tests.reconstruction.laboratory import curves, rig

MOTION = Motion(fps=20.0, speed=0.2, spread=0.002)


def sightings(swap_at: int | None = None, noise: float = 0.5, frames: int = 120) -> Observations:
    """Three animals in three cameras, a tracklet each; camera 1 takes animal 0 for 1 and back from a frame on."""
    cameras, true = rig(3), curves(3, frames, seed=4)
    rng = np.random.default_rng(0)
    rows = []
    for index, camera in enumerate(cameras):
        pixel = project(camera, true) + rng.normal(0, noise, (3, frames, 2))
        for frame in range(frames):
            for animal in range(3):
                swapped = swap_at is not None and index == 1 and frame >= swap_at
                tracklet = (1, 0, 2)[animal] if swapped else animal
                rows.append((index, frame, tracklet, tracklet, *pixel[animal, frame], 150.0))
    rows.sort(key=lambda row: row[:3])
    names = ("camera", "frame", "tracklet", "track", "x", "y", "area")
    return observed(
        cameras, {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}, 20
    )


def test_the_noise_is_measured() -> None:
    seen = sightings(noise=0.5)
    met = encounters(rig(3), seen, None)
    assert 0.4 < noise_px(seen, met) < 0.6
    same = seen.tracklet[met.first] == seen.tracklet[met.second]
    told = evidence(met, 0.5)
    assert told[same].mean() > 2
    assert told[~same].mean() < -1


def test_whole_tracklets_of_one_animal_come_together() -> None:
    seen = sightings()
    met = encounters(rig(3), seen, None)
    group = cluster(seen, met, evidence(met, 0.5), 5.0, 1.5)
    assert len(np.unique(group)) == 3
    for animal in range(3):
        assert len(np.unique(group[seen.piece[seen.tracklet == animal]])) == 1


def test_a_swap_is_cut_where_it_happened() -> None:
    seen = sightings(swap_at=70)
    met = encounters(rig(3), seen, None)
    parts = split_at_contradictions(seen, met, evidence(met, 0.5), 45)
    begins = [int(parts.frame[parts.piece == piece].min()) for piece in np.unique(parts.piece[parts.camera == 1])]
    assert any(68 <= begin <= 72 for begin in begins)
    group = cluster(parts, met, evidence(met, 0.5), 5.0, 1.5)
    before = (parts.camera == 1) & (parts.tracklet == 0) & (parts.frame < 65)
    after = (parts.camera == 1) & (parts.tracklet == 0) & (parts.frame > 75)
    first = np.unique(group[parts.piece[before]])
    assert len(first) == 1
    assert first[0] not in group[parts.piece[after]]


def test_turns_are_where_agreement_ends_and_begins() -> None:
    up, down = np.full(20, 3.0), np.full(20, -2.0)
    assert _turns(np.concatenate([up, down, up]), 30) == [20, 40]
    assert _turns(np.concatenate([down, up]), 30) == [20]
    assert _turns(np.concatenate([up, down[:10], up]), 30) == []
    assert _turns(np.concatenate([up, down, up, down]), 30) == [20, 40, 60]
    assert _turns(down, 30) == []


def test_cuts_close_together_are_one() -> None:
    seen = sightings(frames=60)
    piece = int(seen.piece[0])
    parts = cut(seen, {piece: [30, 31, 33, 50]})
    begins = sorted({int(parts.frame[parts.piece == p].min()) for p in np.unique(parts.piece[seen.piece == piece])})
    assert begins == [0, 31, 50]


def straight(start: int, stop: int, at: tuple[float, float, float], speed: float = 0.1) -> Piece:
    """Motion along x from a place at frame `start`."""
    frame = np.arange(start, stop)
    point = np.array(at) + np.outer((frame - start) / MOTION.fps * speed, [1, 0, 0])
    return Piece(frame, point, np.tile([speed, 0, 0], (len(frame), 1)))


def test_a_straight_continuation_fits_and_a_jump_does_not() -> None:
    before = straight(0, 40, (0, 0, 0))
    after = straight(44, 80, (44 / 20 * 0.1, 0, 0))
    beside = straight(44, 80, (44 / 20 * 0.1, 0.2, 0))
    met = junction(before, after, MOTION)
    assert met.misfit < 1e-9
    assert met.gap_s == 5 / 20
    assert junction(after, before, MOTION) == met
    assert junction(before, beside, MOTION).misfit > 4


def test_paths_at_the_same_time_fit_only_if_they_are_the_same() -> None:
    one = straight(0, 40, (0, 0, 0))
    assert junction(one, straight(20, 60, (0.1, 0.001, 0)), MOTION).misfit < 2
    assert junction(one, straight(20, 60, (0.1, 0.3, 0)), MOTION).misfit == np.inf


def rows(paths: list[Piece]) -> Rows:
    frame = np.concatenate([path.frame for path in paths])
    n = len(frame)
    number = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
    point = np.concatenate([path.point for path in paths])
    return Rows(number, frame, point, np.full((n, 3), 0.001), np.zeros(n), np.full(n, 3))


def test_chains_continue_their_motion() -> None:
    paths = [
        straight(0, 50, (0, 0, 0)), straight(0, 52, (0, 0.3, 0)), straight(60, 100, (0.3, 0, 0)),
        straight(58, 100, (0.29, 0.3, 0)), straight(30, 33, (0.9, 0.9, 0.3)),
    ]  # fmt: skip
    number, dropped = chain(rows(paths), MOTION, animals=None, link_s=2, minimum_s=0.5)
    assert number.tolist() == [1, 0, 1, 0, -1]  # both appear at once: the longer first
    assert dropped == 0
    number, dropped = chain(rows([*paths[:4], straight(0, 20, (1, 1, 0))]), MOTION, animals=2, link_s=2, minimum_s=0.5)
    assert number[4] == -1
    assert dropped == 1


def test_a_known_number_joins_over_long_gaps() -> None:
    paths = [straight(0, 50, (0, 0, 0)), straight(150, 200, (0.5, 0.05, 0))]
    assert chain(rows(paths), MOTION, None, 2, 0.5)[0].tolist() == [0, 1]
    assert chain(rows(paths), MOTION, 1, 2, 0.5)[0].tolist() == [0, 0]


def test_brief_paths_fill_the_gap_of_the_right_chain() -> None:
    gone, near = straight(0, 50, (0, 0, 0)), straight(0, 100, (0, 0.3, 0))
    inside = [straight(frame, frame + 1, (frame / 20 * 0.1, 0.002, 0)) for frame in (51, 53, 55)]
    number, _ = chain(rows([gone, near, straight(60, 100, (0.3, 0, 0)), *inside]), MOTION, 2, 2, 0.5)
    assert len(set(number[[0, 2, 3, 4, 5]])) == 1
    assert number[1] != number[0]


def test_mixed_up_ends_do_not_part_what_belongs_together() -> None:
    one, other = straight(0, 100, (0, 0, 0)), straight(95, 200, (0.475, 0, 0))
    one.point[95:] += [0, 0.1, 0]  # another animal's points
    assert junction(one, other, MOTION).misfit == np.inf
    assert junction(one, other, MOTION, overlap=10).misfit < 0.5
    assert chain(rows([one, other]), MOTION, 1, 2, 0.5)[0].tolist() == [0, 0]


def test_trackers_decide_where_motion_does_not() -> None:
    paths = [straight(0, 50, (0, y, 0)) for y in (0, 0.06)]
    paths += [straight(60, 99, (0.3, y, 0)) for y in (0.015, 0.045)]
    begins, ends = frozenset({(0, 1), (1, 4)}), frozenset({(0, 2), (1, 5)})
    none: frozenset[tuple[int, int]] = frozenset()
    for first, second, same in ((begins, ends, True), (ends, begins, False)):
        tracks = {0: (none, first), 1: (none, second), 2: (begins, none), 3: (ends, none)}
        number = chain(rows(paths), MOTION, 2, 2, 0.5, tracks)[0]
        assert (number[0] == number[2]) == same
        assert (number[1] == number[3]) == same


def test_a_spike_is_left_out() -> None:
    path = straight(0, 60, (0, 0, 0))
    path.point[30] += [0, 0.2, 0]
    kept = without_spikes(rows([path]), 3)
    assert sorted(set(range(60)) - set(kept.frame.tolist())) == [30]
