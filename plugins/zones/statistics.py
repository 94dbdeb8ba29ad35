"""Statistics of one animal: per zone and time bin, per visit, and between zones.

A time bin is an observation of its own: latencies run from its start, visits are cut at its ends. Only an entry
belongs to the bin in which it was seen, so that the entries of all bins add up to those of the recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from plugins.zones.membership import Booleans, Floats, Integers, Membership
from plugins.zones.stays import BEGINS, ENDS, Path, Stays
from plugins.zones.tables import LOST, OUTSIDE

_ENTRY, _END = BEGINS.index("entry"), ENDS.index("end")


@dataclass(frozen=True, eq=False)
class Bins:
    """Time bins, cut at samples: bin b holds the samples [first[b], first[b + 1]).

    Parameters
    ----------
    first
        (B + 1,) samples; the last one is the number of samples.
    edges
        (N + 1,) times of the samples, s.
    """

    first: Integers
    edges: Floats

    @classmethod
    def of(cls, edges: Floats, length_s: float) -> "Bins":
        """Bins of `length_s` (0: one for all); the last may be shorter, and one shorter than a sample vanishes.

        A sample belongs to the bin in which it begins.
        """
        n = len(edges) - 1
        if not length_s:
            return cls(np.array([0, n]), edges)
        tolerance = 1e-6 * (edges[-1] - edges[0]) / n  # a bin's edge may miss its sample by rounding
        wanted = np.arange(edges[0], edges[-1], length_s) - tolerance
        return cls(np.unique(np.append(np.searchsorted(edges[:-1], wanted), n)), edges)

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def start_s(self) -> Floats:
        """(B,) when each begins."""
        return self.edges[self.first[:-1]]

    @property
    def stop_s(self) -> Floats:
        """(B,) when each ends."""
        return self.edges[self.first[1:]]

    @property
    def length_s(self) -> Floats:
        """(B,) how long each is."""
        return self.stop_s - self.start_s

    def number(self, samples: Integers) -> Integers:
        """The bin of each sample."""
        return np.searchsorted(self.first, samples, side="right") - 1

    def time_in(self, mask: Booleans) -> Floats:
        """(B,) time of the samples of a mask, s."""
        return np.add.reduceat(np.where(mask, np.diff(self.edges), 0.0), self.first[:-1])


def zone_rows(
    individual: str, names: Sequence[str], animal: Membership, found: Stays, way: Path, bins: Bins
) -> pd.DataFrame:
    """One row per place (zones, outside, lost) and bin, with the columns of the table `zones`."""
    places = [*names, OUTSIDE, LOST]
    rows = _per_place_and_bin(_pieces(found, way, bins), len(places), bins)
    n_bins, n_places = len(bins), len(places)
    earlier = np.zeros_like(animal.lost)
    overlap = np.zeros((n_places, n_bins))
    for index, mask in enumerate(animal.zones):
        overlap[index] = bins.time_in(mask & earlier)
        earlier |= mask
    lost_s = bins.time_in(animal.lost)
    observed_s = bins.length_s - lost_s
    per_bin = {
        "bin": np.arange(n_bins), "start_s": bins.start_s, "stop_s": bins.stop_s, "observed_s": observed_s,
        "interpolated_s": bins.time_in(animal.interpolated), "held_s": bins.time_in(animal.held), "lost_s": lost_s,
    }  # fmt: skip
    for name, values in per_bin.items():
        rows[name] = np.tile(values, n_places)
    rows["individual"] = individual
    rows["zone"] = np.repeat(np.array(places, object), n_bins)
    rows["overlap_s"] = overlap.ravel()
    tracked = np.tile(np.where(observed_s > 0, observed_s, np.nan), n_places)
    rows["tracked_percent"] = 100 * rows["time_s"] / tracked
    rows["recording_percent"] = 100 * rows["time_s"] / np.tile(bins.length_s, n_places)
    rows["dwell_lower_s"] = rows["time_s"]
    rows["dwell_upper_s"] = rows["time_s"] + rows["lost_s"]
    rows["censored"] = (rows["visits"] == 0).astype(int)
    not_seen = ["tracked_percent", "dwell_lower_s", "dwell_upper_s", "distance", "mean_speed"]
    rows.loc[rows["zone"] == LOST, not_seen] = np.nan
    return rows


def visit_rows(individual: str, names: Sequence[str], found: Stays, way: Path, edges: Floats) -> pd.DataFrame:
    """One row per stay, with the columns of the table `visits`, in the order of time."""
    places = np.array([*names, OUTSIDE, LOST], object)
    distance, _ = way.between(found.start, found.stop)
    rows = pd.DataFrame(
        {
            "individual": individual,
            "zone": places[found.place],
            "start_s": edges[found.start],
            "stop_s": edges[found.stop],
            "duration_s": edges[found.stop] - edges[found.start],
            "begins": np.array(BEGINS, object)[found.begins],
            "ends": np.array(ENDS, object)[found.ends],
            "truncated": found.ends == _END,
            "distance": np.where(found.place == len(names) + 1, np.nan, distance),
        }
    )
    return rows.sort_values("start_s", kind="stable", ignore_index=True)


def transition_rows(individual: str, names: Sequence[str], found: Stays) -> pd.DataFrame:
    """One row per ordered pair of zones, with the columns of the table `transitions`, zeros included.

    The zone before is that of the visit that began last (of those that began together, the zone listed last). Zones
    entered at the same sample are no transition between each other.
    """
    n = len(names)
    counts = np.zeros((n, n), np.int64)
    visits = np.flatnonzero(found.place < n)
    order = visits[np.lexsort((found.place[visits], found.start[visits]))]
    start, place = found.start[order], found.place[order]
    previous = np.searchsorted(start, start, side="left") - 1
    lost, _ = found.of(n + 1)
    losses = np.searchsorted(lost, start)
    linked = (
        (previous >= 0) & (losses == losses[previous]) & (place != place[previous]) & (found.begins[order] == _ENTRY)
    )
    np.add.at(counts, (place[previous[linked]], place[linked]), 1)
    pairs = [(a, b) for a in range(n) for b in range(n) if a != b]
    return pd.DataFrame(
        [(individual, names[a], names[b], counts[a, b]) for a, b in pairs],
        columns=["individual", "from", "to", "count"],
    )


def _pieces(found: Stays, way: Path, bins: Bins) -> pd.DataFrame:
    """The stays, cut at the bins' edges."""
    first, last = bins.number(found.start), bins.number(found.stop - 1)
    stay = np.repeat(np.arange(len(first)), last - first + 1)
    bin_ = np.arange(len(stay)) - np.repeat(np.cumsum(last - first + 1) - (last - first + 1), last - first + 1)
    bin_ += first[stay]
    start = np.maximum(found.start[stay], bins.first[bin_])
    stop = np.minimum(found.stop[stay], bins.first[bin_ + 1])
    begun = start == found.start[stay]
    distance, time = way.between(np.where(begun, start, start - 1), stop)  # the step over the edge belongs to its end
    edges = bins.edges
    latency = edges[start] - bins.start_s[bin_]
    entered = begun & (found.begins[stay] == _ENTRY)
    still_there = (found.stop[stay] > stop) | (found.ends[stay] == _END)
    return pd.DataFrame(
        {
            "cell": found.place[stay] * len(bins) + bin_,
            "samples": stop - start,
            "time_s": edges[stop] - edges[start],
            "entries": entered.astype(np.int64),
            "latency_visit_s": latency,
            "latency_entry_s": np.where(entered, latency, np.nan),
            "truncated": still_there & (stop == bins.first[bin_ + 1]),
            "distance": distance,
            "step_s": time,
        }
    )


def _per_place_and_bin(pieces: pd.DataFrame, n_places: int, bins: Bins) -> pd.DataFrame:
    """One row per place and bin; where there was no stay, counts and sums are 0 and the rest is missing."""
    cells = pieces.groupby("cell")
    visits = cells["time_s"].agg(["mean", "median", "max"]).add_suffix("_visit_s")
    rows = (
        cells[["samples", "time_s", "entries", "distance", "step_s"]]
        .sum()
        .join(cells.size().rename("visits"))
        .join(cells[["latency_visit_s", "latency_entry_s"]].min())
        .join(cells["truncated"].any())
        .join(visits)
        .reindex(np.arange(n_places * len(bins)))
    )
    whole = {"samples": 0, "entries": 0, "visits": 0, "time_s": 0.0, "distance": 0.0, "step_s": 0.0, "truncated": False}
    rows = rows.fillna(whole).astype({"samples": int, "entries": int, "visits": int, "truncated": bool})
    rows["mean_speed"] = rows["distance"] / rows["step_s"].where(rows["step_s"] > 0)
    return rows.drop(columns="step_s").reset_index(drop=True)
