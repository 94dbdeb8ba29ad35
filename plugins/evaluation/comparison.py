"""Trajectories and tracks against truth: identities, misses and distances."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from pipeline.api import Labels, MotScores, Zone, evaluate_mot, volume

Report = dict[str, Any]


def scores(found: MotScores) -> Report:
    """The scores that people ask for, rounded; None where one is undefined."""
    return {name: number(value) for name, value in found.row().items()}


def number(value: float, digits: int = 4) -> float | int | None:
    """A number for JSON: rounded, None where it is not finite."""
    if isinstance(value, int | np.integer):
        return int(value)
    return round(float(value), digits) if np.isfinite(value) else None


def compare_trajectories(truth: pd.DataFrame, found: pd.DataFrame, gate: float, scale: float) -> Report:
    """Scores, distances, and per true animal who it was taken for.

    Parameters
    ----------
    truth, found
        Columns frame, individual, x, y, z; planar where either side has no z.
    gate
        Largest distance of a match, in the unit of the tables.
    scale
        Factor from that unit to the one of the report (1000 for m → mm).
    """
    axes = ["x", "y", "z"]
    if truth["z"].isna().all() or found["z"].isna().all():
        axes = ["x", "y"]
    mot = evaluate_mot(labels(truth, "individual", axes), labels(found, "individual", axes), distance=gate)
    paired = pairing(truth, found, axes, gate)
    joined = truth.merge(found, on="frame", suffixes=("_true", ""))
    joined["distance"] = np.linalg.norm(
        joined[axes].to_numpy(float) - joined[[f"{axis}_true" for axis in axes]].to_numpy(float), axis=1
    )
    nearest = joined.loc[joined.groupby(["frame", "individual_true"])["distance"].idxmin()]
    near = nearest[nearest["distance"] <= gate]
    names = sorted(truth["individual"].unique())
    animals = {name: _animal(truth, near, joined, name, paired.get(name), scale) for name in names}
    return {
        "dimensions": len(axes), "gate": number(gate * scale), **scores(mot),
        "median_error": _quantile(near["distance"], 0.5, scale), "error_95": _quantile(near["distance"], 0.95, scale),
        "true_positions": len(truth), "positions": len(found),
        "animals_true": int(truth["individual"].nunique()), "animals": int(found["individual"].nunique()),
        "individuals": animals,
    }  # fmt: skip


def _animal(
    truth: pd.DataFrame, near: pd.DataFrame, joined: pd.DataFrame, name: str, taken_for: str | None, scale: float
) -> Report:
    own = near[near["individual_true"] == name]
    count = int((truth["individual"] == name).sum())
    same = joined[(joined["individual_true"] == name) & (joined["individual"] == taken_for)]
    return {
        "taken_for": taken_for, "frames": count, "found_percent": number(100 * len(own) / count, 2),
        "same_identity_percent": number(100 * (own["individual"] == taken_for).sum() / count, 2),
        "median_error": _quantile(own["distance"], 0.5, scale), "error_95": _quantile(own["distance"], 0.95, scale),
        "largest_error": _quantile(same["distance"], 1.0, scale),
    }  # fmt: skip


def _quantile(values: pd.Series, share: float, scale: float) -> float | int | None:
    return number(float(values.quantile(share)) * scale, 3) if len(values) else None


def labels(table: pd.DataFrame, identity: str, axes: list[str]) -> Labels:
    """A table as labelled points or boxes."""
    return Labels(table["frame"].to_numpy(), table[identity].to_numpy(), table[axes].to_numpy(float))


def pairing(truth: pd.DataFrame, found: pd.DataFrame, axes: list[str], gate: float) -> dict[str, str]:
    """True individual → the trajectory that covers most of it, one to one."""
    joined = truth.merge(found, on="frame", suffixes=("_true", ""))
    distance = np.linalg.norm(
        joined[axes].to_numpy(float) - joined[[f"{axis}_true" for axis in axes]].to_numpy(float), axis=1
    )
    close = joined[distance <= gate]
    counts = pd.crosstab(close["individual_true"], close["individual"])
    shared = counts.to_numpy()
    rows, columns = linear_sum_assignment(shared, maximize=True)
    true_names, names = counts.index.to_list(), counts.columns.to_list()
    return {
        str(true_names[row]): str(names[column])
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if shared[row, column] > 0
    }


def compare_tracks(truth: pd.DataFrame, tracks: pd.DataFrame, gate_px: float, visible: float) -> Report:
    """Scores of one camera's tracks at the visible animals' centres.

    An animal that is hidden beyond `visible` is neither asked for nor counted as wrong: tracks within the gate of a
    hidden one are left out too.
    """
    shown = truth[truth["visible"] >= visible]
    hidden = truth[truth["visible"] < visible][["frame", "x", "y"]]
    near_hidden = tracks.reset_index().merge(hidden, on="frame", suffixes=("", "_hidden"))
    close = np.hypot(near_hidden["x"] - near_hidden["x_hidden"], near_hidden["y"] - near_hidden["y_hidden"]) <= gate_px
    near_shown = tracks.reset_index().merge(shown[["frame", "x", "y"]], on="frame", suffixes=("", "_shown"))
    owned = np.hypot(near_shown["x"] - near_shown["x_shown"], near_shown["y"] - near_shown["y_shown"]) <= gate_px
    excused = set(near_hidden.loc[close, "index"]) - set(near_shown.loc[owned, "index"])
    judged = tracks[~tracks.index.isin(excused)]
    axes = ["x", "y"]
    return scores(evaluate_mot(labels(shown, "individual", axes), labels(judged, "track", axes), distance=gate_px))


def zone_differences(
    truth: pd.DataFrame, found: pd.DataFrame, paired: dict[str, str], zones: list[Zone], n_frames: int
) -> Report:
    """Time in each zone, in percent of the recording: true animal → zone → true, found, difference.

    Frames in which an animal has no position count for no zone.
    """
    report: Report = {}
    for name, group in truth.groupby("individual"):
        own = found[found["individual"] == paired.get(str(name))]
        report[str(name)] = {}
        for zone in zones:
            true_share, share = (
                100 * int(volume.contains(zone, side[["x", "y", "z"]].to_numpy(float)).sum()) / n_frames
                for side in (group, own)
            )
            report[str(name)][zone.name] = {
                "true_percent": number(true_share, 3), "percent": number(share, 3),
                "difference": number(share - true_share, 3),
            }  # fmt: skip
    return report
