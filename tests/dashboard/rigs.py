"""A report of a calibration and cameras with known content, for the tests of the pages."""

from typing import Any

import numpy as np

from pipeline.api import Board, Camera, CameraGroup
from pipeline.calibration.report import (
    CameraReport,
    DroppedView,
    MarkerReport,
    PairReport,
    Report,
    Residuals,
    Squares,
    ViewReport,
)

SIZE = (64, 48)
MATRIX = np.array([[50.0, 0, 31.5], [0, 50, 23.5], [0, 0, 1]])


def cameras() -> CameraGroup:
    """Two pinhole cameras one metre above the floor that look down; cam_2 stands 0.2 m further along x."""
    down = np.array([np.pi, 0, 0])  # x stays, y and z are turned
    return CameraGroup(
        tuple(
            Camera(name, SIZE, "pinhole", MATRIX, np.zeros(5), down, np.array([-x, 0.0, 1.0]))
            for name, x in (("cam_1", 0.0), ("cam_2", 0.2))
        )
    )


def camera_report(name: str, **changes: Any) -> CameraReport:
    """20 views, one dropped, four corners that are off by (0.3, 0.4) px."""
    views = [
        ViewReport(moment=k, label=f"frame {k}", corners=54, rms_px=0.3, mean_px=0.25, max_px=0.5) for k in range(20)
    ]
    return CameraReport(
        **{
            "name": name, "model": "pinhole", "size": SIZE, "looked_at": 100, "found": 21, "duplicates": 0,
            "rms_px": 0.5, "focal_px": (50.0, 50.0), "centre_px": (31.5, 23.5), "focal_sd_percent": 0.1,
            "position": (0.0, 0.0, 1.0), "coverage": 0.8, "corner_grid": [[0, 4], [2, 0]], "views": views,
            "dropped": [DroppedView(moment=30, label="frame 30", reason="mean error 3.00 px (limit 1)")],
            "residuals": Residuals(x=[1, 2, 3, 4], y=[1, 2, 3, 4], dx=[0.3] * 4, dy=[0.4] * 4),
            **changes,
        }
    )  # fmt: skip


def report(**changes: Any) -> Report:
    """A good calibration of two cameras."""
    return Report(
        **{
            "verdict": "good", "saved": True, "headline": "2 cameras calibrated, off by 0.50 px (rms): good.",
            "made": "2026-11-03T12:00:00+00:00", "board": Board(inner_corners=(9, 6), square_mm=40), "world": "markers",
            "rms_px": 0.5, "cameras": [camera_report("cam_1"), camera_report("cam_2")],
            "pairs": [PairReport(first="cam_1", second="cam_2", shared=10, agreeing=8)],
            "squares": Squares(stated_mm=40, mean_mm=40.1, sd_mm=0.2, count=100),
            "markers": [MarkerReport(camera="cam_1", name="A", x=1, y=1, dx=3, dy=4, used=True)],
            **changes,
        }
    )  # fmt: skip
