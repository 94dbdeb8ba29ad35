"""What `skein zones` does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.api import Context, Progress, SkeinError, Timeline, Zone, volume, write_table
from plugins.zones.counts import count_rows
from plugins.zones.job import ZoneParameters
from plugins.zones.membership import Booleans, Floats, Membership, membership
from plugins.zones.positions import Trajectories, sample_edges
from plugins.zones.statistics import Bins, transition_rows, visit_rows, zone_rows
from plugins.zones.stays import Path, Stays, path, stays
from plugins.zones.tables import table


@dataclass(frozen=True, eq=False)
class Animal:
    """One animal in a recording, and everything that is said of it."""

    individual: str
    membership: Membership
    stays: Stays
    path: Path


@dataclass(frozen=True, eq=False)
class Analysis:
    """The zones, the clock and the choices that hold for all animals of a recording."""

    zones: tuple[Zone, ...]
    edges: Floats
    parameters: ZoneParameters

    @property
    def names(self) -> tuple[str, ...]:
        """The zones' names, as listed in the experiment."""
        return tuple(zone.name for zone in self.zones)

    @cached_property
    def bins(self) -> Bins:
        """The time bins."""
        return Bins.of(self.edges, self.parameters.bin_s)

    def animal(self, individual: str, xyz: Floats, interpolated: Booleans) -> Animal:
        """Judge one animal's positions, (N, 3) and (N,)."""
        member = membership(xyz, interpolated, self.edges, self.zones, self.parameters)
        return Animal(individual, member, stays(member), path(xyz, member.seen, self.edges))

    def rows(self, animal: Animal) -> dict[str, pd.DataFrame]:
        """Rows of the tables `zones`, `visits` and `transitions` for one animal."""
        one, names = animal.individual, self.names
        return {
            "zones": zone_rows(one, names, animal.membership, animal.stays, animal.path, self.bins),
            "visits": visit_rows(one, names, animal.stays, animal.path, self.edges),
            "transitions": transition_rows(one, names, animal.stays),
        }


def run(context: Context, parameters: ZoneParameters) -> None:
    """Write the four tables of a recording under ``results/zones``.

    Every animal is observed for the whole recording: one that enters late, or is found late, is lost until then.
    """
    experiment, recording = context.experiment, context.recording
    assert recording is not None
    trajectories = Trajectories.open(experiment.trajectories_path(recording))
    timeline = Timeline.of(experiment, recording)
    analysis = Analysis(tuple(experiment.configuration.zone), sample_edges(timeline), parameters)
    for sentence in assumptions(analysis, trajectories, experiment.animals(recording)):
        context.note(sentence)
    about = {
        "parameters": parameters.model_dump(mode="json"),
        "zones": [zone.model_dump(mode="json", exclude_none=True) for zone in analysis.zones],
        "unit": trajectories.unit,
        "recording_s": float(analysis.edges[-1] - analysis.edges[0]),
        "samples": len(analysis.edges) - 1,
    }
    folder = experiment.results_folder(recording, "zones")
    for name, rows in analysed(analysis, trajectories, about, context.progress).items():
        write_table(folder / f"{name}.parquet", rows)


def analysed(
    analysis: Analysis, trajectories: Trajectories, about: Mapping[str, Any], progress: Progress
) -> dict[str, pa.Table]:
    """The four tables, with `about` in their metadata; of each animal only its rows stay in memory."""
    found: list[Stays] = []
    parts: dict[str, list[pa.Table]] = {}
    for individual, xyz, interpolated in trajectories.animals(len(analysis.edges) - 1):
        animal = analysis.animal(individual, xyz, interpolated)
        found.append(animal.stays)
        for name, rows in analysis.rows(animal).items():
            parts.setdefault(name, []).append(table(name, rows, trajectories.unit, about))
        progress(len(found), len(trajectories.individuals), individual)
    counts = table("counts", count_rows(analysis.names, found, analysis.bins), trajectories.unit, about)
    return {**{name: pa.concat_tables(rows) for name, rows in parts.items()}, "counts": counts}


def assumptions(analysis: Analysis, trajectories: Trajectories, expected: int | None) -> Iterator[str]:
    """What a reader of the numbers has to know, one sentence each.

    Raises
    ------
    SkeinError
        If there is no animal to speak of.
    """
    if not trajectories.individuals:
        raise SkeinError(f"{trajectories.path.name} holds no animal: look at the tracks, then reconstruct again.")
    if not analysis.zones:
        yield "No zone is defined in experiment.toml: all tracked time counts as outside."
    tall = [zone.name for zone in analysis.zones if volume.has_height(zone)]
    if trajectories.planar and tall:
        names = ", ".join(tall)
        yield f"The trajectories have no height: zones that have one ({names}) are judged by their outline from above."
    if trajectories.unit == "px" and analysis.zones:
        yield "The trajectories are in pixels: zones, distances and the exit threshold are taken as pixels too."
    if expected is not None and len(trajectories.individuals) != expected:
        yield f"Animals with a trajectory: {len(trajectories.individuals)}; expected: {expected}."
    exclusive = [zone for zone in analysis.zones if zone.priority is not None]
    if len({zone.priority for zone in exclusive}) < len(exclusive):
        yield "Some exclusive zones have the same priority: the one listed first wins where they overlap."
    uneven = np.ptp(np.diff(analysis.edges)) > 1e-6
    if uneven and analysis.parameters.hold_gap_s is None:
        yield "Samples are not evenly spaced: set hold_gap_s to limit held gaps in seconds rather than in samples."
