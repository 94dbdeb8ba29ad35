"""A frame in which animals compete, are missing, touch, fall to pieces or appear."""

import itertools
from collections import Counter

from pipeline.tracking.association import Costs, ambiguous, assign
from pipeline.tracking.blobs import is_shared, join, pieces_of, shared_blob
from pipeline.tracking.chains import Chains
from pipeline.tracking.follower import Follower
from pipeline.tracking.live import Live
from pipeline.tracking.part import Part
from pipeline.tracking.plausibility import Plausibility

_COAST_DAMPING = 0.9
_LONGEST_SHARE = 10  # times the patience: a blob that is shared for longer is one animal that once came in two pieces


class Event:
    """Decides such a frame; only tracks and detections that have to do with it are looked at.

    Parameters
    ----------
    holder
        The track that holds each chain (it takes the chain's rows unless something happens), None for none.
    part
        Its columns change where an animal came in pieces.
    index
        Of the frame in `chains.frames`.
    """

    def __init__(
        self,
        plausible: Plausibility,
        follower: Follower,
        chains: Chains,
        holder: list[Live | None],
        part: Part,
        index: int,
    ) -> None:
        self._plausible, self._limits, self._follower = plausible, plausible.limits, follower
        self._chains, self._holder, self._part = chains, holder, part
        self._index, self._frame = index, chains.frames[index][0]
        self._tracks: list[Live] = []
        self._match: dict[int, int] = {}  # track (its place in the list above) → row; shared blobs too
        self._owner: dict[int, int] = {}  # row → the track it was assigned to
        self._rows: list[int] = []  # rows whose chains nobody holds, unless someone takes them here

    def resolve(
        self, loose: list[Live], candidates: dict[Live, list[int]], rows: list[int]
    ) -> tuple[list[Live], list[int]]:
        """Match the loose tracks and the rows.

        Parameters
        ----------
        loose
            Tracks that hold no chain.
        candidates
            Rows within reach, for the tracks of which that is known.
        rows
            Those of the frame that no track holds.

        Returns
        -------
        The tracks that are loose now, and the next rows of the chains that nobody holds.
        """
        self._rows = rows
        costs, sure = self._assign(self._options(loose, candidates))
        shared = self._shared()
        free = [row for row in self._rows if row not in self._owner]
        joined = self._joined(free) if free else {}
        split = self._unsure(costs, sure, joined) if costs else set()
        left = self._settle(shared, split, set(joined.values()))
        for row in free:
            if row not in joined and self._chains.score[row] >= self._limits.high_score:
                self._hold(self._follower.begin(row), row)
        ahead = (self._chains.after(row) for row in self._rows if self._holder[self._chains.chain[row]] is None)
        return left, [row for row in ahead if row is not None]

    def _options(self, loose: list[Live], candidates: dict[Live, list[int]]) -> list[list[int]]:
        """Rows within reach of the loose tracks, and of the tracks whose next row is among those."""
        frame = self._frame
        options = []
        for track in loose:
            if frame - track.seen > 1:
                if frame - track.seen > self._limits.patience or not track.settled:
                    continue
                track.vx *= _COAST_DAMPING
                track.vy *= _COAST_DAMPING
            track.predict(frame - track.moved, self._plausible.power)
            track.moved = frame
            rows = candidates.get(track)
            if rows is None:
                rows = self._plausible.within_reach(track, self._chains, self._index)
            self._tracks.append(track)
            options.append(rows)
        for row in dict.fromkeys(itertools.chain.from_iterable(options)):
            if self._involve(row) is not None:
                options.append([row])
        return options

    def _involve(self, row: int) -> int | None:
        """Take the track that holds the row's chain into the event, if there is one; its number."""
        chain = self._chains.chain[row]
        track = self._holder[chain]
        if track is None:
            return None
        self._follower.follow(track, self._chains.position[row])
        track.predict(1, self._plausible.power)
        track.moved = self._frame
        self._holder[chain] = None
        self._rows.append(row)
        self._tracks.append(track)
        return len(self._tracks) - 1

    def _hold(self, track: Live, row: int) -> None:
        """Let the track go on along the row's chain."""
        track.at = self._chains.position[row] + 1
        self._holder[self._chains.chain[row]] = track

    def _take(self, i: int, row: int) -> None:
        self._match[i] = row
        self._owner[row] = i

    def _assign(self, options: list[list[int]]) -> tuple[Costs, Costs]:
        """Match tracks and rows; gives the costs of the pairs that compete, and those of the sure ones among them.

        Two stages: settled tracks with high scores, then what is left of both.
        """
        claims = Counter(itertools.chain.from_iterable(options))
        costs: dict[tuple[int, int], float] = {}
        # Both the track and the detection are likely to be an animal.
        sure: dict[tuple[int, int], float] = {}
        high, score = self._limits.high_score, self._chains.score
        for i, rows in enumerate(options):
            if len(rows) == 1 and claims[rows[0]] == 1:
                self._take(i, rows[0])
                continue
            track = self._tracks[i]
            settled = track.settled
            for row, cost in zip(rows, self._plausible.costs(track, self._chains, rows), strict=True):
                pair = i, row
                costs[pair] = cost
                if settled and score[row] >= high:
                    sure[pair] = cost
        for i, row in assign(sure).items():
            self._take(i, row)
        if len(sure) < len(costs):
            rest = {(i, j): cost for (i, j), cost in costs.items() if i not in self._match and j not in self._owner}
            for i, row in assign(rest).items():
                self._take(i, row)
        return costs, sure

    def _owned(self, row: int) -> int | None:
        """The track that took a row, or that holds its chain and so takes it now."""
        i = self._owner.get(row)
        if i is None:
            i = self._involve(row)
            if i is not None:
                self._take(i, row)
        return i

    def _shared(self) -> set[int]:
        """Tracks in shared blobs; those without a detection get the shared one."""

        def owner(row: int) -> Live | None:
            i = self._owned(row)
            return None if i is None else self._tracks[i]

        inside: dict[int, list[int]] = {}
        for i in range(len(self._tracks)):
            if i in self._match or not self._may_hide(self._tracks[i]):
                continue
            row = shared_blob(self._tracks[i], self._chains, self._index, owner)
            if row is not None:
                inside.setdefault(row, []).append(i)
        shared = {i for hidden in inside.values() for i in hidden}
        for row, hidden in inside.items():
            if is_shared(self._tracks[self._owner[row]], [self._tracks[i] for i in hidden]):
                shared.add(self._owner[row])
            for i in hidden:
                self._match[i] = row
        return shared

    def _may_hide(self, track: Live) -> bool:
        # What was seen apart for a moment only may be a leg or a tail that is whole again: no animal hides there.
        patience = self._limits.patience
        return (track.hits >= patience or track.merged) and track.held < _LONGEST_SHARE * patience

    def _joined(self, free: list[int]) -> dict[int, int]:
        """The free rows that are pieces, and the animal of each: its row describes all its pieces now."""
        c, joined = self._chains, {}
        radius = self._plausible.scale.step + self._plausible.scale.length
        near = {
            row
            for piece in free
            for row in c.around(self._index, c.x[piece], radius)
            if abs(c.y[row] - c.y[piece]) <= radius
        }
        for row in sorted(near):
            i = self._owned(row)
            if i is None:
                continue
            for piece in pieces_of(self._tracks[i], row, [piece for piece in free if piece not in joined], c):
                join(self._part, c, row, piece)
                joined[piece] = i
        return joined

    def _unsure(self, costs: Costs, sure: Costs, joined: dict[int, int]) -> set[int]:
        """Tracks whose match is ambiguous; neither a piece of an animal nor a tentative track makes another's so."""
        rivals = costs
        if joined or len(sure) < len(costs):
            rivals = {
                pair: cost
                for pair, cost in costs.items()
                if (pair in sure and pair[1] not in joined) or self._match.get(pair[0]) == pair[1]
            }
        return ambiguous(rivals, self._match, self._limits.margin)

    def _settle(self, shared: set[int], split: set[int], torn: set[int]) -> list[Live]:
        """Take the matched rows into their tracks; gives the tracks that hold no chain afterwards."""
        c, left = self._chains, []
        for i, track in enumerate(self._tracks):
            row = self._match.get(i)
            track.pieces = track.pieces + 1 if i in torn else 0
            if row is None:
                left.append(track)
            elif i in shared:
                # A shared blob only holds its animals near it: it says little of where each is.
                track.update(c.x[row], c.y[row], (c.length[row] / 3) ** 2)
                track.seen, track.merged, track.held = self._frame, True, track.held + 1
                left.append(track)
            else:
                # Out of a shared blob: who is who is a guess, so that a new piece begins.
                self._follower.observe(track, row, split=track.merged or i in split)
                track.merged, track.held = False, 0
                if track.pieces:
                    left.append(track)
                else:
                    self._hold(track, row)
        return left
