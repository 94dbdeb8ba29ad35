"""The choice of views: different ones, shared ones, no near-duplicates; and where films come from."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.calibration.films import Film, open_film
from pipeline.calibration.sources import calibration_files
from pipeline.calibration.views import View, choose_views, looked_at
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.types import Board, CameraEntry, Configuration

SIZES = {"cam_1": (900, 700), "cam_2": (900, 700)}


def test_near_duplicates_are_left_out(make_studio) -> None:
    studio = make_studio(cameras=1)
    views = studio.film(40)["cam_1"][:10]
    copies = [View("cam_1", 100 + k, view.pixels + 1.0) for k, view in enumerate(views)]
    chosen, duplicates = choose_views({"cam_1": [*views, *copies]}, SIZES, studio.board, 50, 0.01)
    assert len(chosen["cam_1"]) == 10
    assert len(duplicates) == 10
    assert len({view.moment % 100 for view in chosen["cam_1"]}) <= 10


def test_a_turned_copy_of_a_board_alike_from_two_sides_is_a_duplicate(make_studio) -> None:
    studio = make_studio((8, 6), cameras=1)
    view = studio.film(20)["cam_1"][0]
    chosen, duplicates = choose_views(
        {"cam_1": [view, View("cam_1", 500, view.pixels[::-1])]}, SIZES, studio.board, 50, 0.01
    )
    assert (len(chosen["cam_1"]), len(duplicates)) == (1, 1)


def test_moments_that_both_cameras_see_come_first(make_studio) -> None:
    studio = make_studio(cameras=2)
    views = studio.film(120)
    both = {v.moment for v in views["cam_1"]} & {v.moment for v in views["cam_2"]}
    shared = sorted(both)[:6]
    views = {name: [v for v in seen if v.moment in shared or v.moment not in both] for name, seen in views.items()}
    views["cam_1"] += [View("cam_1", 1000 + k, v.pixels) for k, v in enumerate(studio.film(40)["cam_1"])]
    chosen, _ = choose_views(views, SIZES, studio.board, 12, 0.0)
    assert len(chosen["cam_1"]) == 12
    assert {view.moment for view in chosen["cam_1"]} >= set(shared)


def test_the_board_on_the_floor_is_always_looked_at_and_kept(make_studio) -> None:
    studio = make_studio(cameras=1)
    board = studio.board.model_copy(update={"floor_frame": 13})
    film = Film("cam_1", (Path("a.mp4"),), (900, 700), 100, 0)
    assert looked_at(film, board, 10) == sorted([*range(0, 100, 10), 13])
    view = studio.film(20)["cam_1"][0]
    views = {"cam_1": [View("cam_1", moment, view.pixels) for moment in (0, 13)]}
    chosen, _ = choose_views(views, SIZES, board, 50, 0.01)
    assert [view.moment for view in chosen["cam_1"]] == [13]


@pytest.mark.parametrize(("offset", "first", "last"), [(0, 0, 99), (7, 0, 92), (-7, 7, 106)])
def test_a_moment_is_common_to_all_cameras(offset: int, first: int, last: int) -> None:
    moments = Film("a", (Path("a.mp4"),), (9, 9), 100, offset).moments()
    assert (moments[0], moments[-1]) == (first, last)
    assert moments[0] + offset >= 0
    assert moments[-1] + offset == 99
    assert all(moment % 5 == 0 for moment in Film("a", (Path("a.mp4"),), (9, 9), 100, offset).moments(5))


def an_experiment(root: Path, calibration_video: str) -> tuple[Experiment, CameraEntry]:
    camera = CameraEntry(name="cam_1", calibration_video=calibration_video)
    board = Board(inner_corners=(9, 6), square_mm=40)
    return Experiment(root, Configuration(name="e", board=board, camera=[camera])), camera


@pytest.mark.parametrize("named", ["boards", "boards/*.png", "boards/view_*.png"])
def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path, named: str) -> None:
    (tmp_path / "boards").mkdir()
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / "boards" / f"view_{number}.png"), np.full((48, 64), number, np.uint8))
    film = open_film(*an_experiment(tmp_path, named))
    assert film is not None
    assert [path.name for path in film.files] == ["view_1.png", "view_9.png", "view_10.png"]
    assert (film.size, film.count, film.is_video) == ((64, 48), 3, False)
    assert [int(image[0, 0]) for _, image in film.images(film.moments())] == [1, 9, 10]
    assert film.label(2) == "view_10.png"


@pytest.mark.parametrize("named", ["nothing.mp4", "nothing/*.png", "empty"])
def test_what_is_missing_is_named(tmp_path: Path, named: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SkeinError, match=r"cam_1, calibration_video: .*(nothing|empty)"):
        calibration_files(*an_experiment(tmp_path, named))
