"""`calibration/report.json`: how good a calibration is, and what would make it better.

The file is the JSON form of :class:`Report`. It describes the latest attempt; `saved` tells whether `calibration.toml`
is from it. Lengths are m unless a name says otherwise; images are those recorded, the centre of the top-left pixel
being (0, 0). All numbers are finite; what is not known is null.
"""

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from pipeline.errors import SkeinError
from pipeline.files import write_text
from pipeline.types import Board
from pipeline.types.entry import Entry

Verdict = Literal["good", "usable", "refused"]
WorldSource = Literal["markers", "board", "camera"]


class ViewReport(Entry):
    """A view that the calibration uses. Errors are distances between found and projected corners, px."""

    moment: int
    label: str
    corners: int
    rms_px: float
    mean_px: float
    max_px: float
    picture: str | None = None
    """Small picture, relative to the folder `calibration`."""


class DroppedView(Entry):
    """A view in which the board was found and which was not used, and why."""

    moment: int
    label: str
    reason: str
    picture: str | None = None


class Residuals(Entry):
    """Corner by corner over all views: where it was found, and projected minus found, px."""

    x: list[float]
    y: list[float]
    dx: list[float]
    dy: list[float]


class CameraReport(Entry):
    """One camera.

    Parameters
    ----------
    found
        Images in which the board was found, of `looked_at`.
    duplicates
        Views left out because they hardly differ from others.
    focal_sd_percent
        Standard deviation of the focal length, % of it; None where the lens was not fitted.
    coverage
        Share of the image within a tenth of its diagonal of a used corner.
    corner_grid
        Number of used corners in each cell of a grid over the image, row by row from the top.
    position
        Centre of the camera in the world, m.
    """

    name: str
    model: Literal["fisheye", "pinhole"]
    size: tuple[int, int]
    looked_at: int
    found: int
    duplicates: int
    problem: str | None = None
    rms_px: float | None = None
    focal_px: tuple[float, float] | None = None
    centre_px: tuple[float, float] | None = None
    distortion: list[float] | None = None
    focal_sd_percent: float | None = None
    position: tuple[float, float, float] | None = None
    coverage: float = 0.0
    corner_grid: list[list[int]] = []
    views: list[ViewReport] = []
    dropped: list[DroppedView] = []
    residuals: Residuals = Residuals(x=[], y=[], dx=[], dy=[])


class PairReport(Entry):
    """An edge of the overlap graph: moments at which both cameras see the board, and how many of them agree."""

    first: str
    second: str
    shared: int
    agreeing: int


class Squares(Entry):
    """The board re-measured: neighbouring corners, triangulated from two or more cameras, mm."""

    stated_mm: float
    mean_mm: float
    sd_mm: float
    count: int


class MarkerReport(Entry):
    """A surveyed point in one image: where it was marked, and projected minus marked, px."""

    camera: str
    name: str
    x: float
    y: float
    dx: float
    dy: float
    used: bool


class Report(Entry):
    """The whole report.

    Parameters
    ----------
    headline
        The verdict in one sentence.
    advice
        What to do about it, most important first.
    notes
        What was assumed, e.g. the unit of the survey.
    world
        What defines the world frame; None where it is not known.
    rms_px
        Root mean square distance between found and projected corners over all cameras, px.
    """

    verdict: Verdict
    saved: bool
    headline: str
    advice: list[str] = []
    notes: list[str] = []
    made: str
    board: Board | None = None
    world: WorldSource | None = None
    rms_px: float | None = None
    cameras: list[CameraReport] = []
    pairs: list[PairReport] = []
    squares: Squares | None = None
    markers: list[MarkerReport] = []


def read_report(path: Path) -> Report:
    """Read `calibration/report.json`.

    Raises
    ------
    SkeinError
        If there is none, or it is not a report of this version.
    """
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SkeinError(f"There is no {path.name} yet: run `skein calibrate`.") from error
    except ValidationError as error:
        raise SkeinError(f"{path.name} cannot be read: run `skein calibrate` again.") from error


def write_report(path: Path, report: Report) -> None:
    """Write it atomically."""
    write_text(path, report.model_dump_json(indent=1))
