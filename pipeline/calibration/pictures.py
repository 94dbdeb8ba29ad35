"""Small pictures of views, so that a person can look at what was used and what was not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.calibration.films import Film, Grey
from pipeline.calibration.report import CameraReport, Report
from pipeline.calibration.views import View
from pipeline.files import replacing
from pipeline.jobs import Fanout

FOLDER = "views"
_WIDTH = 480
_ACCEPTED, _DROPPED = (80, 200, 60), (60, 60, 230)


@dataclass(frozen=True, eq=False)
class Task:
    """The pictures of one camera: views with whether they were accepted, and where each goes."""

    film: Film
    views: tuple[View, ...]
    accepted: tuple[bool, ...]
    paths: tuple[Path, ...]


def draw_pictures(
    folder: Path, report: Report, films: list[Film], views: dict[str, list[View]], count: int, fanout: Fanout
) -> Report:
    """Write up to `count` pictures of accepted and of dropped views per camera; the report names them.

    Parameters
    ----------
    folder
        The experiment's folder `calibration`; pictures of an earlier attempt are removed.
    views
        Every view found, by camera.
    """
    tasks, cameras = [], []
    by_camera = {film.camera: film for film in films}
    for camera in report.cameras:
        names: dict[int, str] = {}
        if camera.name in by_camera and count:
            sights = {view.moment: view for view in views[camera.name]}
            accepted = _spread([view.moment for view in camera.views], count)
            dropped = _spread([view.moment for view in camera.dropped], count)
            names = {moment: f"{FOLDER}/{camera.name}/accepted-{moment:06d}.jpg" for moment in accepted}
            names |= {moment: f"{FOLDER}/{camera.name}/dropped-{moment:06d}.jpg" for moment in dropped}
            chosen = tuple(sights[moment] for moment in sorted(names))
            paths = tuple(folder / names[view.moment] for view in chosen)
            tasks.append(Task(by_camera[camera.name], chosen, tuple(v.moment in accepted for v in chosen), paths))
        cameras.append(_named(camera, names))
    for old in folder.glob(f"{FOLDER}/*/*.jpg"):
        old.unlink()
    for _ in fanout.map(draw, tasks):
        pass
    return report.model_copy(update={"cameras": cameras})


def draw(task: Task) -> int:
    """Write a camera's pictures; returns how many."""
    at = {view.moment: number for number, view in enumerate(task.views)}
    written = 0
    for moment, image in task.film.images(sorted(at)):
        number = at[moment]
        _, data = cv2.imencode(".jpg", _picture(image, task.views[number], task.accepted[number]), [1, 80])
        with replacing(task.paths[number]) as temporary:
            temporary.write_bytes(np.asarray(data).tobytes())
        written += 1
    return written


def _picture(image: Grey, view: View, accepted: bool) -> Grey:
    scale = _WIDTH / image.shape[1]
    small = cv2.cvtColor(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)
    for x, y in (view.pixels + 0.5) * scale - 0.5:
        if np.isfinite(x):
            cv2.circle(small, (round(x), round(y)), 3, _ACCEPTED if accepted else _DROPPED, 1, cv2.LINE_AA)
    return np.asarray(small, np.uint8)


def _spread(moments: Sequence[int], count: int) -> set[int]:
    if not moments:
        return set()
    return {moments[int(k)] for k in np.unique(np.linspace(0, len(moments) - 1, min(count, len(moments))).round())}


def _named(camera: CameraReport, names: dict[int, str]) -> CameraReport:
    return camera.model_copy(
        update={
            "views": [view.model_copy(update={"picture": names.get(view.moment)}) for view in camera.views],
            "dropped": [view.model_copy(update={"picture": names.get(view.moment)}) for view in camera.dropped],
        }
    )
