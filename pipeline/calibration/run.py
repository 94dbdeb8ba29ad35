"""The `calibrate` job: find the board, fit the lenses, place the cameras, judge, write."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipeline.calibration.assessment import camera_report, marker_reports, remeasured, root_mean_square
from pipeline.calibration.boards import corner_points, sizes_seen
from pipeline.calibration.films import Film, open_film
from pipeline.calibration.intrinsics import MINIMUM_VIEWS, Lens, Limits, fit_lens
from pipeline.calibration.job import Calibrate
from pipeline.calibration.pictures import draw_pictures
from pipeline.calibration.report import Report, write_report
from pipeline.calibration.solution import Solution, solve
from pipeline.calibration.verdict import judged
from pipeline.calibration.views import View, choose_views, looked_at, search_films
from pipeline.calibration.world import read_markers
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.formats import anipose
from pipeline.formats.survey import surveyed_points
from pipeline.jobs import Context
from pipeline.types import Board, Camera, CameraEntry, CameraGroup

_IMAGES = 300
"""Images per camera that are looked at where `every` is left empty."""
_HINT_IMAGES = 6
_MARKERS_FOR_KNOWN_LENS = 4


@dataclass(frozen=True, eq=False)
class Fit:
    """The lens of one camera, as a unit of parallel work."""

    entry: CameraEntry
    size: tuple[int, int]
    board: Board
    views: list[View]
    limits: Limits


def fit(task: Fit) -> Lens | str:
    """The lens, or why there is none."""
    try:
        return fit_lens(
            task.entry.name, task.size, task.entry.model, corner_points(task.board), task.views, task.limits
        )
    except SkeinError as error:
        return str(error)


def run(context: Context, parameters: Calibrate) -> None:
    """Calibrate an experiment's cameras; writes `calibration/report.json`, and `calibration.toml` unless refused.

    Raises
    ------
    SkeinError
        If inputs are missing, no board is found, or the calibration is refused; then `calibration.toml` stays as it is.
    """
    experiment = context.experiment
    entries, board = experiment.configuration.camera, experiment.configuration.board
    survey = surveyed_points(experiment)
    markers = read_markers(experiment, survey.points)
    films = [film for entry in entries if (film := open_film(experiment, entry)) is not None]
    known = _known_lenses(experiment, {film.camera for film in films})
    if not films and not known:
        raise SkeinError(
            "No camera has a calibration_video: film the board with each camera and name the films in experiment.toml."
        )
    if films and board is None:
        raise SkeinError("experiment.toml has no [board]: say its inner_corners and square_mm.")
    notes = list(survey.notes)
    step = parameters.every or max(1, max((film.count for film in films), default=1) // _IMAGES)
    limits = Limits(parameters.drop_mean_px, parameters.drop_max_px)
    views: dict[str, list[View]] = {}
    duplicates: list[View] = []
    lenses: dict[str, Lens] = {}
    problems: dict[str, str] = {}
    if films and board is not None:
        views = search_films(
            films,
            board,
            step,
            context.fanout,
            lambda done, all_: context.progress(0.7 * done / all_, 1, "finding the board"),
        )
        if max(len(found) for found in views.values()) < MINIMUM_VIEWS:
            raise SkeinError(_not_found(films, board, step, views))
        sizes = {film.camera: film.size for film in films}
        chosen, duplicates = choose_views(views, sizes, board, parameters.max_views, parameters.duplicate_percent / 100)
        context.progress(0.72, 1, "fitting the lenses")
        lenses, problems = _fit_lenses(context, films, board, chosen, limits)
    context.progress(0.85, 1, "placing the cameras")
    solution = solve(lenses, known, board, markers, limits)
    if step > 1:
        notes.append(f"The board was looked for in every {step}. frame.")
    report = _describe(
        entries, films, views, duplicates, lenses, problems, solution, board,
        {film.camera: len(looked_at(film, board, step)) for film in films if board},
        [*notes, *solution.notes],
    )  # fmt: skip
    context.progress(0.93, 1, "drawing pictures")
    folder = experiment.root / "calibration"
    report = draw_pictures(folder, report, films, views, parameters.pictures, context.fanout)
    for note in report.notes:
        context.note(note)
    if report.saved and solution.rig is not None:
        _write(experiment, report, solution.rig.cameras)
    write_report(folder / "report.json", report)
    if not report.saved:
        raise SkeinError(report.headline)
    context.progress(1, 1, report.headline)


def _known_lenses(experiment: Experiment, filmed: set[str]) -> dict[str, Camera]:
    """Cameras without a film, but with a lens from an earlier calibration and enough markers to place them."""
    if not experiment.calibration_path.is_file():
        return {}
    earlier = anipose.read(experiment.calibration_path)
    return {
        entry.name: earlier[entry.name]
        for entry in experiment.configuration.camera
        if entry.name not in filmed and entry.name in earlier and len(entry.markers) >= _MARKERS_FOR_KNOWN_LENS
    }


def _fit_lenses(
    context: Context, films: list[Film], board: Board, chosen: dict[str, list[View]], limits: Limits
) -> tuple[dict[str, Lens], dict[str, str]]:
    """Lenses in the order of the films, and why others have none."""
    entries = {entry.name: entry for entry in context.experiment.configuration.camera}
    tasks = [Fit(entries[film.camera], film.size, board, chosen[film.camera], limits) for film in films]
    results: dict[int, Lens | str] = {}
    for number, result in context.fanout.map(fit, tasks):
        results[number] = result
        context.progress(0.72 + 0.13 * len(results) / len(tasks), 1, "fitting the lenses")
    ordered = [(film.camera, results[number]) for number, film in enumerate(films)]
    lenses = {name: result for name, result in ordered if isinstance(result, Lens)}
    return lenses, {name: result for name, result in ordered if isinstance(result, str)}


def _not_found(films: list[Film], board: Board, step: int, views: dict[str, list[View]]) -> str:
    """No camera saw the board often enough: which sizes are there instead?"""
    looked = sum(len(looked_at(film, board, step)) for film in films)
    found = sum(len(sights) for sights in views.values())
    columns, rows = board.inner_corners
    text = f"A {board.type} of {columns} × {rows} inner corners was found in {found} of {looked} images. "
    if board.type == "charuco":
        return text + (
            f"Are its dictionary ({board.dictionary}), marker_mm and inner corners right? Is it sharp and near enough?"
        )
    images = []
    for film in films:
        moments = list(film.moments())
        chosen = sorted({moments[int(k)] for k in np.linspace(0, len(moments) - 1, _HINT_IMAGES)}) if moments else []
        images += [image for _, image in film.images(chosen)]
    seen, tried = sizes_seen(images, board)
    if seen:
        (c, r), count = next(iter(seen.items()))
        return text + (
            f"{count} of {len(images)} images show one of {c} × {r}: write inner_corners = [{c}, {r}] in [board] "
            "(inner corners are where four squares meet)."
        )
    others = ", ".join(f"{c} × {r}" for c, r in tried[:8])
    return text + f"Nor were {others} …: is the whole board in the image, sharp, flat and with a white border?"


def _describe(
    entries: list[CameraEntry],
    films: list[Film],
    views: dict[str, list[View]],
    duplicates: list[View],
    lenses: dict[str, Lens],
    problems: dict[str, str],
    solution: Solution,
    board: Board | None,
    looked: dict[str, int],
    notes: list[str],
) -> Report:
    rig = solution.rig
    by_camera = {film.camera: film for film in films}
    dropped = rig.dropped if rig else tuple(item for lens in lenses.values() for item in lens.dropped)
    cameras = []
    for entry in entries:
        name = entry.name
        problem = problems.get(name)
        if problem is None and name not in by_camera and (rig is None or name not in rig.names):
            problem = f"{name} has no calibration_video (nor a known lens and 4 markers): it stays uncalibrated."
        cameras.append(
            camera_report(
                entry, by_camera.get(name), views.get(name, []), sum(view.camera == name for view in duplicates),
                [item for item in dropped if item[0].camera == name], rig,
                looked_at=looked.get(name, 0), problem=problem,
            )
        )  # fmt: skip
    report = Report(
        verdict="refused",
        saved=False,
        headline="",
        notes=notes,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        board=board,
        world=solution.world,
        rms_px=root_mean_square(rig.residuals) if rig else None,
        cameras=cameras,
        pairs=list(solution.pairs),
        squares=remeasured(rig, board) if rig and board and rig.views else None,
        markers=marker_reports(rig, solution.markers, solution.used)
        if rig and solution.markers is not None and solution.used is not None
        else [],
    )
    return judged(report, [*problems.values(), *solution.problems])


def _write(experiment: Experiment, report: Report, cameras: tuple[Camera, ...]) -> None:
    by_name = {camera.name: camera for camera in cameras}
    ordered = tuple(by_name[name] for name in experiment.camera_names if name in by_name)
    extra: dict[str, Any] = {"verdict": report.verdict, "made": report.made, "world": report.world or "camera"}
    if report.rms_px is not None:
        extra["rms_px"] = report.rms_px
    anipose.write(experiment.calibration_path, CameraGroup(ordered), extra)
