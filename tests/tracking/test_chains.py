"""Links that nobody contests, against a search through all pairs; and rows taken in bulk, against one by one."""

import numpy as np
import pytest

from benchmarks._swimmers import detect, swim
from pipeline.tracking.chains import Chains, chains_of
from pipeline.tracking.follower import Follower
from pipeline.tracking.part import Part, part_of
from pipeline.tracking.plausibility import Limits, Plausibility
from pipeline.tracking.scale import measure


@pytest.fixture(scope="module")
def part() -> Part:
    table = detect(swim(5, 12, 80, size=(500, 400)), 5)
    frame = table["frame"].to_numpy()
    return part_of(table.filter((frame != 30) & (frame != 31)))


def made(part: Part) -> tuple[Chains, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    reach, excess = rng.uniform(5, 40, len(part)), rng.uniform(0, 20, len(part))
    return chains_of(part, reach, excess), reach, excess


def test_chains_are_the_pairs_that_are_within_reach_of_each_other_only(part: Part) -> None:
    chains, reach, excess = made(part)
    apart = np.hypot(*np.moveaxis(part.xy[:, None] - part.xy, -1, 0))
    near = (apart <= reach[:, None] + excess) & (part.frame[:, None] + 1 == part.frame)
    alone = near & (near.sum(axis=1, keepdims=True) == 1) & (near.sum(axis=0, keepdims=True) == 1)
    links = {(int(i), int(j)) for i, j in zip(*np.nonzero(alone), strict=True)}
    assert links
    after = {row: chains.after(row) for row in range(len(chains))}
    assert {(int(chains.order[a]), int(chains.order[b])) for a, b in after.items() if b is not None} == links
    for row, others in chains.candidates.items():
        found = {int(chains.order[other]) for other in others}
        assert found == set(np.flatnonzero(near[chains.order[row]]).tolist())


def test_every_row_is_in_one_chain_and_every_chain_has_a_start_and_an_end(part: Part) -> None:
    chains, _, _ = made(part)
    assert sorted(chains.sequence) == list(range(len(part)))
    starts, ends = (sorted(row for rows in listed for row in rows) for listed in (chains.starts, chains.ends))
    assert len(starts) == len(ends) == len(chains.stop)
    assert all(chains.after(row) is None for row in ends)
    for (frame, first, stop), rows in zip(chains.frames, chains.starts, strict=True):
        assert all(chains.frame[row] == frame and first <= row < stop for row in rows)


def test_rows_around_a_place(part: Part) -> None:
    chains, _, _ = made(part)
    for index, (_, first, stop) in enumerate(chains.frames):
        inside = [row for row in range(first, stop) if abs(chains.x[row] - 250) <= 100]
        assert list(chains.around(index, 250, 100)) == inside


def test_rows_taken_in_bulk_are_as_rows_taken_one_by_one() -> None:
    part = part_of(detect(swim(2, 1, 200), 2, miss=0, false=0))
    plausible = Plausibility(measure([part]), Limits(), None)
    chains = plausible.chains(part)
    assert len(chains.stop) == 1
    bulk, single = Follower(plausible), Follower(plausible)
    tracks = []
    for follower in (bulk, single):
        follower.begin_part(chains)
        tracks.append(follower.begin(0))
    tracks[0].at = 1
    bulk.follow(tracks[0], chains.stop[0])
    for row in range(1, len(part)):
        tracks[1].predict(1, plausible.power)
        single.observe(tracks[1], row, split=False)
    for name in ("x", "y", "vx", "vy", "pp", "pv", "vv", "area", "length"):
        assert getattr(tracks[0], name) == pytest.approx(getattr(tracks[1], name), rel=1e-3, abs=1e-2)
    assert bulk.tracklet == single.tracklet
    assert (tracks[0].hits, tracks[0].seen) == (tracks[1].hits, tracks[1].seen) == (200, 199)
