"""A calibration against the true cameras, as it stands and after the best rigid alignment."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.api import CameraGroup
from plugins.evaluation.comparison import number

Report = dict[str, Any]
Floats = NDArray[np.float64]


def compare_cameras(truth: CameraGroup, found: CameraGroup) -> Report:
    """Differences of the cameras that both have.

    Returns
    -------
    Per camera ``focal_percent`` (of the worse axis), ``principal_point_px``, ``centre_mm`` and ``rotation_deg`` as they
    stand, the last two ``aligned`` too: after the rotation and shift (no scale) that bring the centres and axes of all
    cameras closest to the truth. And the worst of each.
    """
    names = [name for name in truth.names if name in found]
    true, ours = truth.subset(names), found.subset(names)
    turn, shift = alignment(true, ours)
    report: Report = {"cameras": {}, "missing": [name for name in truth.names if name not in found]}
    for name in names:
        a, b = true[name], ours[name]
        focal = [100 * abs(b.matrix[i, i] / a.matrix[i, i] - 1) for i in (0, 1)]
        report["cameras"][name] = {
            "focal_percent": number(max(focal)),
            "principal_point_px": number(float(np.hypot(*(b.matrix[:2, 2] - a.matrix[:2, 2]))), 3),
            "centre_mm": number(1e3 * float(np.linalg.norm(b.centre - a.centre)), 3),
            "rotation_deg": number(_degrees(b.rotation_matrix @ a.rotation_matrix.T)),
            "centre_aligned_mm": number(1e3 * float(np.linalg.norm(turn @ b.centre + shift - a.centre)), 3),
            "rotation_aligned_deg": number(_degrees(b.rotation_matrix @ turn.T @ a.rotation_matrix.T)),
        }
    rows = list(report["cameras"].values())
    report["worst"] = {key: max(row[key] for row in rows) for key in rows[0]} if rows else {}
    return report


def alignment(truth: CameraGroup, found: CameraGroup) -> tuple[Floats, Floats]:
    """Rotation (3, 3) and shift (3,) from the found world to the true one (Kabsch 1976).

    Each camera contributes its centre and points ahead of it at the rig's size, so that two cameras suffice.
    """
    reach = max(float(np.linalg.norm(np.ptp([camera.centre for camera in truth], axis=0))), 0.1) if len(truth) else 1.0
    sides = [
        np.concatenate([camera.centre + reach * np.vstack([np.zeros(3), camera.rotation_matrix]) for camera in group])
        for group in (truth, found)
    ] if len(truth) else [np.zeros((1, 3)), np.zeros((1, 3))]  # fmt: skip
    middles = [side.mean(axis=0) for side in sides]
    turn = Rotation.align_vectors(sides[0] - middles[0], sides[1] - middles[1])[0].as_matrix()
    return turn, middles[0] - turn @ middles[1]


def _degrees(rotation: Floats) -> float:
    return float(np.degrees(Rotation.from_matrix(rotation).magnitude()))
