"""Good, usable or refused, and what to do about it in plain words."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.calibration.report import CameraReport, MarkerReport, PairReport, Report, Verdict


@dataclass(frozen=True)
class Thresholds:
    """What a verdict demands of every camera.

    Parameters
    ----------
    rms_px
        Largest root mean square error, px.
    views
        Fewest used views of the board.
    coverage
        Smallest share of the image within reach of corners.
    focal_sd_percent
        Largest standard deviation of the focal length, %.
    shared
        Fewest agreeing views with the best partner.
    marker_px
        Largest root mean square error of the surveyed markers, px.
    square_percent
        Largest deviation of the re-measured squares from the stated edge, %.
    """

    rms_px: float
    views: int
    coverage: float
    focal_sd_percent: float
    shared: int
    marker_px: float
    square_percent: float


GOOD = Thresholds(
    rms_px=0.6, views=12, coverage=0.5, focal_sd_percent=0.5, shared=6, marker_px=3.0, square_percent=1.0
)  # fmt: skip
USABLE = Thresholds(
    rms_px=1.5, views=4, coverage=0.2, focal_sd_percent=3.0, shared=1, marker_px=12.0, square_percent=5.0
)  # fmt: skip
Shortfall = tuple[bool, str]
"""Whether it makes the calibration unusable, and what to do."""


def judged(report: Report, problems: list[str]) -> Report:
    """The report with verdict, headline and advice.

    Parameters
    ----------
    problems
        Sentences on what could not be done at all; any of them refuses the calibration.
    """
    shortfalls: list[Shortfall] = [(True, problem) for problem in problems]
    for camera in report.cameras:
        shortfalls += _camera(camera)
    shortfalls += _pairs(report)
    shortfalls += _markers(report.markers)
    shortfalls += _squares(report)
    if report.world == "camera" and not problems:
        shortfalls.append(
            (False, f"The axes are those of {report.cameras[0].name}: mark at least 4 surveyed points "
             "in the images, or film the board lying on the floor and set floor_frame, to have the floor at z = 0.")
        )  # fmt: skip
    shortfalls.sort(key=lambda item: not item[0])
    refused = any(fatal for fatal, _ in shortfalls)
    verdict: Verdict = "refused" if refused else "usable" if shortfalls else "good"
    return report.model_copy(
        update={
            "verdict": verdict,
            "saved": not refused,
            "headline": _headline(report, verdict, shortfalls),
            "advice": [sentence for _, sentence in shortfalls],
        }
    )


def _headline(report: Report, verdict: Verdict, shortfalls: list[Shortfall]) -> str:
    if verdict == "refused":
        return f"The calibration is refused. {shortfalls[0][1]}"
    count = len([camera for camera in report.cameras if camera.position is not None])
    error = "" if report.rms_px is None else f", off by {report.rms_px:.2f} px (rms)"
    quality = "good" if verdict == "good" else "usable, with room for improvement"
    return f"{count} camera{'s' * (count != 1)} calibrated{error}: {quality}."


def _short(value: float | None, good: float, usable: float, *, least: bool) -> Literal[0, 1, 2]:
    """0 fine, 1 less than good, 2 not usable."""
    if value is None or (value >= good if least else value <= good):
        return 0
    return 1 if (value >= usable if least else value <= usable) else 2


def _camera(camera: CameraReport) -> list[Shortfall]:
    name, found = camera.name, []
    if camera.problem is not None:
        return [(False, camera.problem)]
    if not camera.views:
        return []  # its lens was known and its position comes from markers
    checks = [
        (_short(camera.rms_px, GOOD.rms_px, USABLE.rms_px, least=False),
         f"{name} is off by {camera.rms_px or 0:.2f} px (rms; good is at most {GOOD.rms_px:g}): check that the board "
         "is flat, its size right, the film sharp and the lens model right."),
        (_short(len(camera.views), GOOD.views, USABLE.views, least=True),
         f"{name} has {len(camera.views)} usable views of the board (good is at least {GOOD.views}): film the board "
         "there longer, tilted in different ways."),
        (_short(camera.coverage, GOOD.coverage, USABLE.coverage, least=True),
         f"Only {camera.coverage:.0%} of {name}'s image is within reach of the board (good is at least "
         f"{GOOD.coverage:.0%}): film the board {_where_missing(camera)}."),
        (_short(camera.focal_sd_percent, GOOD.focal_sd_percent, USABLE.focal_sd_percent, least=False),
         f"{name}'s focal length is known to {camera.focal_sd_percent or 0:.1f} % only: film the board nearer and more "
         "tilted."),
    ]  # fmt: skip
    for level, sentence in checks:
        if level:
            found.append((level == 2, sentence))
    return found


def _where_missing(camera: CameraReport) -> str:
    grid = np.array(camera.corner_grid) if camera.corner_grid else np.zeros((3, 3))
    bands = {
        "at the left": grid[:, : grid.shape[1] // 3], "at the right": grid[:, -(grid.shape[1] // 3) :],
        "at the top": grid[: grid.shape[0] // 3], "at the bottom": grid[-(grid.shape[0] // 3) :],
    }  # fmt: skip
    share = {place: float((band > 0).mean()) for place, band in bands.items()}
    bare = [place for place, value in share.items() if value < 0.4]
    return f"{' and '.join(bare)} of its image" if bare else "in all parts of its image"


def _pairs(report: Report) -> list[Shortfall]:
    """Each camera needs one partner with enough shared views; the advice names the most promising pair."""
    found: list[Shortfall] = []
    filmed = [camera.name for camera in report.cameras if camera.views]
    advised: set[tuple[str, str]] = set()
    for name in filmed:
        edges = [pair for pair in report.pairs if name in (pair.first, pair.second)]
        best = max(edges, key=lambda pair: (pair.agreeing, pair.shared), default=None)
        if best is None or best.agreeing >= GOOD.shared or (best.first, best.second) in advised:
            continue
        advised.add((best.first, best.second))
        found.append((False, shared_views(best)))
    return found


def shared_views(pair: PairReport) -> str:
    """Advice for a pair with too few shared views."""
    if pair.shared >= GOOD.shared:
        return (
            f"{pair.first} and {pair.second} see the board together {pair.shared} times, but agree on where it is in "
            f"{pair.agreeing} of them: check calibration_offset, and hold the board still."
        )
    views = "1 view" if pair.shared == 1 else f"{pair.shared or 'no'} views"
    return f"{pair.first} and {pair.second} share {views}: film the board where both see it."


def _markers(markers: list[MarkerReport]) -> list[Shortfall]:
    found: list[Shortfall] = []
    off = {marker: float(np.hypot(marker.dx, marker.dy)) for marker in markers if not marker.used}
    for marker, distance in off.items():
        found.append(
            (False, f"Marker {marker.name} in {marker.camera} is {distance:.0f} px from where the survey puts it and "
             "was not used: check its name and its place.")
        )  # fmt: skip
    errors = [marker.dx**2 + marker.dy**2 for marker in markers if marker.used]
    rms = float(np.sqrt(np.mean(errors))) if errors else None
    level = _short(rms, GOOD.marker_px, USABLE.marker_px, least=False)
    if level:
        found.append(
            (level == 2, f"The surveyed markers are off by {rms:.1f} px (rms): check their coordinates and unit, and "
             "the edge of the board's squares.")
        )  # fmt: skip
    return found


def _squares(report: Report) -> list[Shortfall]:
    if report.squares is None:
        return []
    squares = report.squares
    percent = 100 * abs(squares.mean_mm / squares.stated_mm - 1)
    level = _short(percent, GOOD.square_percent, USABLE.square_percent, least=False)
    if not level:
        return []
    sentence = (
        f"The board's squares re-measure as {squares.mean_mm:.2f} mm instead of {squares.stated_mm:g}: the cameras do "
        "not fit together well; film more shared views."
    )
    return [(level == 2, sentence)]
