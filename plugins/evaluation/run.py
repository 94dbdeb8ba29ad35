"""What `skein evaluate` does."""

from typing import Any

import numpy as np

from pipeline.api import Context, Timeline, read_calibration, write_json
from plugins.evaluation import tables
from plugins.evaluation.cameras import compare_cameras
from plugins.evaluation.comparison import compare_tracks, compare_trajectories, number, pairing, zone_differences
from plugins.evaluation.job import Evaluate

Report = dict[str, Any]


def run(context: Context, parameters: Evaluate) -> None:
    """Write ``results/evaluation/report.json`` and say the main numbers.

    Raises
    ------
    SkeinError
        If there is no truth, or nothing to compare with it.
    """
    experiment, recording = context.experiment, context.recording
    assert recording is not None
    truth = tables.true_trajectories(experiment, recording, parameters.truth)
    found, unit = tables.trajectories(experiment, recording)
    gate = parameters.gate_mm / 1000 if unit == "m" else parameters.gate_px
    report: Report = {"unit": "mm" if unit == "m" else "px"}
    report["trajectories"] = compare_trajectories(truth, found, gate, 1000.0 if unit == "m" else 1.0)
    _tell_trajectories(context, report["trajectories"], report["unit"])
    context.progress(1, 4, "trajectories compared")
    zones = experiment.configuration.zone
    if zones:
        planar = bool(found["z"].isna().all() or truth["z"].isna().all())
        paired = pairing(truth, found, ["x", "y"] if planar else ["x", "y", "z"], gate)
        n_frames = Timeline.of(experiment, recording).n_frames
        report["zones"] = zone_differences(truth, found, paired, zones, n_frames)
        _tell_zones(context, report["zones"])
    context.progress(2, 4, "zones compared")
    report["tracks"] = _tracks(context, parameters)
    context.progress(3, 4, "tracks compared")
    true_cameras = experiment.root / "truth" / "calibration.toml"
    if true_cameras.is_file() and experiment.calibration_path.is_file():
        report["calibration"] = compare_cameras(
            read_calibration(true_cameras), read_calibration(experiment.calibration_path)
        )
        _tell_calibration(context, report["calibration"])
    write_json(experiment.results_folder(recording, "evaluation") / "report.json", report)
    context.progress(4, 4, "done")


def _tracks(context: Context, parameters: Evaluate) -> Report:
    assert context.recording is not None
    report: Report = {}
    for camera in context.experiment.camera_names:
        sides = tables.camera_tracks(context.experiment, context.recording, camera)
        if sides is not None:
            report[camera] = compare_tracks(*sides, parameters.gate_px, parameters.visible)
            row = report[camera]
            context.note(
                f"{camera}: MOTA {_said(row['mota'])}, IDF1 {_said(row['idf1'])}, HOTA {_said(row['hota'])}, "
                f"{row['switches']} identity switches (tracks, gate {parameters.gate_px:g} px)."
            )
    return report


def _tell_trajectories(context: Context, row: Report, unit: str) -> None:
    context.note(
        f"Trajectories in {row['dimensions']}D at a gate of {row['gate']:g} {unit}: MOTA {_said(row['mota'])}, "
        f"IDF1 {_said(row['idf1'])}, HOTA {_said(row['hota'])}, recall {_said(row['recall'])}, "
        f"precision {_said(row['precision'])}, {row['switches']} identity switches; "
        f"error {_said(row['median_error'])} {unit} in the median, {_said(row['error_95'])} {unit} in 95 %."
    )
    for name, animal in row["individuals"].items():
        context.note(
            f"{name} = {animal['taken_for'] or 'not found'}: found in {animal['found_percent']:g} % of its frames, "
            f"as the same animal in {animal['same_identity_percent']:g} %; median error "
            f"{_said(animal['median_error'])} {unit}."
        )


def _tell_zones(context: Context, zones: Report) -> None:
    rows = [(abs(row["difference"]), name, zone) for name, own in zones.items() for zone, row in own.items()]
    if rows:
        worst, name, zone = max(rows)
        middle = number(float(np.median([row[0] for row in rows])), 3)
        context.note(
            f"Time in zones differs from the truth by at most {worst:g} % of the recording ({name}, {zone}), "
            f"{middle:g} % in the median."
        )


def _tell_calibration(context: Context, row: Report) -> None:
    if row["missing"]:
        context.note(f"The calibration lacks {', '.join(row['missing'])}.")
    if row["worst"]:
        worst = row["worst"]
        context.note(
            f"Calibration, worst camera: focal length {worst['focal_percent']:g} %, centre {worst['centre_mm']:g} mm, "
            f"rotation {worst['rotation_deg']:g}°; after alignment {worst['centre_aligned_mm']:g} mm and "
            f"{worst['rotation_aligned_deg']:g}°."
        )


def _said(value: float | None) -> str:
    return "undefined" if value is None else f"{value:g}"
