"""The declaration of `skein evaluate`."""

from pathlib import Path

from pipeline.api import Experiment, Job, Parameters, file_fingerprint, parameter


class Evaluate(Parameters):
    """Parameters of `evaluate`."""

    truth: str = parameter(
        "", "CSV or Parquet table with columns frame or time_s, individual, x, y and z where known, in the unit of the "
        "trajectories, absolute or from the experiment folder; empty: the truth/ folder of a synthetic experiment.",
    )  # fmt: skip
    gate_mm: float = parameter(
        30.0, "A position further than this from an animal does not count as that animal.", unit="mm", minimum=0.1
    )
    gate_px: float = parameter(
        20.0, "The same for the tracks of a camera, and for trajectories in pixels.", unit="px", minimum=0.1
    )
    visible: float = parameter(
        0.25, "Share of an animal's outline that must be visible for a camera's tracks to be judged by it.", minimum=0,
        maximum=1, advanced=True,
    )  # fmt: skip


def inputs(experiment: Experiment, recording: str | None) -> dict[str, str]:
    """The files of the truth folder."""
    assert recording is not None
    folder = experiment.root / "truth"
    files = [folder / "calibration.toml", *sorted((folder / recording).glob("*.parquet"))]
    return {path.relative_to(folder).as_posix(): file_fingerprint(path) for path in files if Path(path).is_file()}


JOB = Job(
    name="evaluate",
    title="Evaluate against truth",
    help="Compare trajectories, tracks, zone times and the calibration with a known truth.",
    parameters=Evaluate,
    run="plugins.evaluation.run:run",
    entry="plugins.evaluation.job:JOB",
    scope="recording",
    requires=("reconstruct",),
    uses=("calibrate", "track", "zones"),
    produces=("recordings/{recording}/results/evaluation",),
    inputs=inputs,
    stage=False,
)
