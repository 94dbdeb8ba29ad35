"""The whole job on painted pictures: saved, refused, and told what is wrong."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.calibration.boards import corner_points
from pipeline.calibration.job import JOB
from pipeline.calibration.report import read_report
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.formats import anipose
from pipeline.geometry import project
from pipeline.jobs import run_now
from pipeline.types import Board, Camera

BOARD = Board(inner_corners=(7, 4), square_mm=40)
MATRIX = np.array([[520.0, 0, 318], [0, 520, 243], [0, 0, 1]])
FLOOR = {"a": (-0.3, -0.2, 0.0), "b": (0.3, -0.25, 0.0), "c": (0.3, 0.2, 0.0), "d": (-0.25, 0.25, 0.0)}
PICTURES = 14


@pytest.fixture(scope="module")
def rig() -> tuple[Camera, Camera]:
    """Two pinhole cameras of 640 × 480 px that look at the origin from 0.9 m."""
    cameras = []
    for name, angle in (("left", -25), ("right", 25)):
        rotation = (
            Rotation.from_euler("x", 180, degrees=True) * Rotation.from_euler("y", angle, degrees=True)
        ).as_matrix()
        vector = Rotation.from_matrix(rotation).as_rotvec()
        cameras.append(Camera(name, (640, 480), "pinhole", MATRIX, np.zeros(5), vector, np.array([0, 0, 0.9])))
    return cameras[0], cameras[1]


@pytest.fixture
def experiment(tmp_path: Path, rig: tuple[Camera, Camera], paint, make_studio) -> Experiment:
    """Pictures of a board that both cameras see at the same moments, and four markers on the floor."""
    studio = replace(make_studio(), board=BOARD, noise=0.0, cameras=rig)
    lines = ['name = "painted"', "[board]", "inner_corners = [7, 4]", "square_mm = 40", "[world_points]"]
    lines += [f"{name} = {list(point)}" for name, point in FLOOR.items()]
    moment = 0
    while moment < PICTURES:
        pose = studio.pose()
        if any(studio.sight(camera, moment, pose) is None for camera in rig):
            continue
        for camera in rig:
            path = tmp_path / camera.name / f"{moment:02d}.png"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), paint(camera, BOARD, pose))
        moment += 1
    for camera in rig:
        lines += ["[[camera]]", f'name = "{camera.name}"', 'model = "pinhole"', f'calibration_video = "{camera.name}"']
        lines += ["[camera.markers]"]
        lines += [f"{name} = {project(camera, np.array(point)).round(2).tolist()}" for name, point in FLOOR.items()]
    (tmp_path / "experiment.toml").write_text("\n".join(lines), encoding="utf-8")
    return Experiment.open(tmp_path)


def test_a_rig_is_calibrated_and_reported(experiment: Experiment, rig: tuple[Camera, Camera]) -> None:
    run_now(JOB, experiment)
    found = anipose.read(experiment.calibration_path)
    assert found.names == ("left", "right")
    for camera, truth in zip(found, rig, strict=True):
        assert camera.matrix[0, 0] == pytest.approx(520, rel=0.01)
        np.testing.assert_allclose(camera.centre, truth.centre, atol=0.012)
    report = read_report(experiment.root / "calibration" / "report.json")
    assert report.saved
    assert report.verdict in ("good", "usable")
    assert report.world == "markers"
    assert report.rms_px is not None
    assert report.rms_px < 0.2
    assert report.squares is not None
    assert report.squares.mean_mm == pytest.approx(40, rel=0.003)
    assert report.squares.sd_mm < 0.5
    assert [(pair.first, pair.second) for pair in report.pairs] == [("left", "right")]
    assert len(report.markers) == 8
    left = report.cameras[0]
    assert left.looked_at == PICTURES
    assert PICTURES - 2 <= left.found <= PICTURES
    assert len(left.views) + len(left.dropped) + left.duplicates == left.found
    assert sum(map(sum, left.corner_grid)) == sum(view.corners for view in left.views) == len(left.residuals.dx)
    assert 0.3 < left.coverage <= 1
    shown = [view.picture for view in left.views if view.picture]
    assert len(shown) == 6
    assert all((experiment.root / "calibration" / picture).is_file() for picture in shown)
    extra = experiment.calibration_path.read_text(encoding="utf-8")
    assert f'verdict = "{report.verdict}"' in extra


def test_a_refused_calibration_leaves_the_old_one(experiment: Experiment) -> None:
    run_now(JOB, experiment)
    before = experiment.calibration_path.read_bytes()
    for path in sorted((experiment.root / "right").glob("*.png")):  # as if the second camera had started later
        path.rename(path.with_name(f"{int(path.stem) + 100}.png"))
    files = sorted((experiment.root / "right").glob("*.png"))
    images = [file.read_bytes() for file in files]
    for file, image in zip(files, [*images[5:], *images[:5]], strict=True):
        file.write_bytes(image)
    text = (experiment.root / "experiment.toml").read_text(encoding="utf-8")
    start = text.index("[world_points]")
    unmarked = text[:start] + "\n".join(
        line for line in text[start:].splitlines()
        if not line.startswith(("a =", "b =", "c =", "d =", "[world_points]", "[camera.markers]"))
    )  # fmt: skip
    (experiment.root / "experiment.toml").write_text(unmarked, encoding="utf-8")
    with pytest.raises(SkeinError, match=r"The calibration is refused.* check calibration_offset"):
        run_now(JOB, Experiment.open(experiment.root))
    assert experiment.calibration_path.read_bytes() == before
    report = read_report(experiment.root / "calibration" / "report.json")
    assert (report.verdict, report.saved) == ("refused", False)
    assert report.advice


def test_a_wrong_board_size_is_told_with_the_right_one(experiment: Experiment) -> None:
    path = experiment.root / "experiment.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[7, 4]", "[8, 5]"), encoding="utf-8")
    with pytest.raises(SkeinError, match=r"8 × 5 .* found in 0 of 28 images.* write inner_corners = \[7, 4\]"):
        run_now(JOB, Experiment.open(experiment.root), parameters={"pictures": 0})
    assert not experiment.calibration_path.exists()


def test_without_films_there_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text('name = "e"\n[[camera]]\nname = "a"\n', encoding="utf-8")
    with pytest.raises(SkeinError, match="No camera has a calibration_video"):
        run_now(JOB, Experiment.open(tmp_path))


def test_inputs_change_with_films_markers_and_board(experiment: Experiment) -> None:
    before = JOB.inputs(experiment, None)
    assert set(before) == {"board", "world points", "camera left", "camera right"}
    path = experiment.root / "left" / "03.png"
    path.write_bytes(path.read_bytes() + b"0")
    after = JOB.inputs(experiment, None)
    assert {name for name in before if before[name] != after[name]} == {"camera left"}


def test_a_report_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with pytest.raises(SkeinError, match=r"no report\.json yet"):
        read_report(path)
    path.write_text(json.dumps({"verdict": "fine"}), encoding="utf-8")
    with pytest.raises(SkeinError, match="run `skein calibrate` again"):
        read_report(path)


def test_corner_points_are_in_metres() -> None:
    assert corner_points(BOARD)[-1].tolist() == pytest.approx([0.24, 0.12, 0.0])
