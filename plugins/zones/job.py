"""The declaration of `skein zones`."""

from pipeline.api import Experiment, Job, Parameters, data_fingerprint, parameter


class ZoneParameters(Parameters):
    """What decides when an animal counts as being in a zone. Distances are in the unit of the trajectories."""

    exit_threshold: float = parameter(
        0.0,
        "An animal that is in a zone stays in it until it is further than this beyond the border.",
        unit="m (px without calibration)",
        minimum=0,
    )
    minimum_bout_s: float = parameter(
        0.0, "A stay in a zone that is shorter than this is no visit: its time does not count for the zone.", unit="s",
        minimum=0,
    )  # fmt: skip
    hold_gap: int = parameter(
        2,
        "An animal that is not seen for at most this many samples keeps its zone; a longer gap counts as lost.",
        unit="samples",
        minimum=0,
    )
    hold_gap_s: float | None = parameter(
        None, "The same limit in seconds; it replaces the one in samples.", unit="s", minimum=0
    )
    bin_s: float = parameter(0.0, "Length of the time bins; 0 takes the whole recording as one.", unit="s", minimum=0)
    use_interpolated: bool = parameter(
        True, "Positions that the reconstruction interpolated count as known; otherwise as not seen.", advanced=True
    )


def _inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    zones = [zone.model_dump(mode="json") for zone in experiment.configuration.zone]
    return {"definition of the zones": data_fingerprint(zones)}


def _not_needed(experiment: Experiment, recording: str | None) -> str | None:
    return None if experiment.configuration.zone else "experiment.toml defines no [[zone]]"


JOB = Job(
    name="zones",
    title="Zone statistics",
    help="Count visits, times, latencies, distances and transitions per animal and zone, and animals per zone.",
    parameters=ZoneParameters,
    run="plugins.zones.run:run",
    entry="plugins.zones.job:JOB",
    scope="recording",
    requires=("reconstruct",),
    produces=("recordings/{recording}/results/zones",),
    inputs=_inputs,
    light=True,
    not_needed=_not_needed,
)
