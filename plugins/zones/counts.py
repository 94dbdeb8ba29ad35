"""How many animals are in a zone at the same time."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from plugins.zones.membership import Integers
from plugins.zones.statistics import Bins
from plugins.zones.stays import Stays
from plugins.zones.tables import LOST, OUTSIDE


def number_of_animals(animals: Iterable[Stays], place: int, cuts: Integers) -> tuple[Integers, Integers]:
    """The number of animals in a place as a step function.

    Parameters
    ----------
    cuts
        Samples at which a step begins in any case, e.g. the first samples of the time bins.

    Returns
    -------
    The samples at which the steps begin, strictly increasing, and the number of animals from there on.
    """
    bounds = [stays.of(place) for stays in animals]
    starts = np.concatenate([np.empty(0, np.int64), *(start for start, _ in bounds)])
    stops = np.concatenate([np.empty(0, np.int64), *(stop for _, stop in bounds)])
    samples, where = np.unique(np.concatenate([cuts, starts, stops]), return_inverse=True)
    change = np.concatenate([np.zeros(len(cuts)), np.ones(len(starts)), -np.ones(len(stops))])
    return samples, np.cumsum(np.bincount(where, change, len(samples))).astype(np.int64)


def count_rows(names: Sequence[str], animals: Sequence[Stays], bins: Bins) -> pd.DataFrame:
    """One row per place (zones, outside, lost) and bin, with the columns of the table `counts`."""
    parts = []
    for place, name in enumerate([*names, OUTSIDE, LOST]):
        samples, numbers = number_of_animals(animals, place, bins.first)
        samples, numbers = samples[samples < bins.first[-1]], numbers[samples < bins.first[-1]]
        lasting = np.diff(bins.edges[np.append(samples, bins.first[-1])])
        bin_ = bins.number(samples)
        mean = np.bincount(bin_, lasting * numbers, len(bins)) / bins.length_s
        spread = np.bincount(bin_, lasting * (numbers - mean[bin_]) ** 2, len(bins)) / bins.length_s
        parts.append(
            pd.DataFrame(
                {
                    "zone": name,
                    "bin": np.arange(len(bins)),
                    "start_s": bins.start_s,
                    "stop_s": bins.stop_s,
                    "mean": mean,
                    "sd": np.sqrt(spread),
                    "max": np.maximum.reduceat(numbers, np.searchsorted(samples, bins.first[:-1])),
                    "individuals": len(animals),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
