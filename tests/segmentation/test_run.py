"""The job: what it writes, that it resumes, and what it says when something is wrong."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.jobs import run_now
from pipeline.jobs.fanout import LocalFanout
from pipeline.segmentation import chunks as chunks_module
from pipeline.segmentation import run as run_module
from pipeline.segmentation.job import JOB
from pipeline.segmentation.masks import decode
from pipeline.types import DETECTIONS
from tests.segmentation.swimmers import SIZE, scene, write_video

FRAMES = 120


def places(number: int, camera: int) -> list[tuple[float, ...]]:
    return [
        (20 + number, 30 + camera, 10, 5, 0.3),
        (140 - number, 85 + 10 * np.sin(number / 15), 10, 5, -0.5),
    ]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for camera in (1, 2):
        write_video(
            folder / f"{camera}.mp4", FRAMES,
            lambda k, c=camera: scene(places(k, c), seed=2 * k + c, light=1 + 0.03 * np.sin(k)),
        )  # fmt: skip
    return folder


def experiment(root: Path, videos: Path, cameras: int = 1, more: str = "") -> Experiment:
    root.mkdir(exist_ok=True)
    entries = "".join(f'[[camera]]\nname = "cam_{number}"\n' for number in range(1, cameras + 1))
    files = ", ".join(f'cam_{number} = "{(videos / f"{number}.mp4").as_posix()}"' for number in range(1, cameras + 1))
    (root / "experiment.toml").write_text(
        f'name = "t"\n{entries}[[recording]]\nname = "r"\n{more}videos = {{ {files} }}\n'
    )
    return Experiment.open(root)


def detections(opened: Experiment, camera: str = "cam_1") -> pa.Table:
    parts = sorted(opened.detections_folder("r", camera).glob("part-*.parquet"))
    return pa.concat_tables([pq.read_table(part).replace_schema_metadata(None) for part in parts])


def test_every_animal_is_found_in_every_frame_of_every_camera(tmp_path: Path, videos: Path) -> None:
    opened = experiment(tmp_path, videos, cameras=2)
    seen = []
    provenance = run_now(
        JOB, opened, "r", {"chunk": 50}, progress=lambda done, total, message="": seen.append((done, total))
    )
    assert seen[-1] == (2 * FRAMES, 2 * FRAMES)
    for camera in (1, 2):
        parts = sorted(opened.detections_folder("r", f"cam_{camera}").glob("part-*.parquet"))
        assert all(pq.read_schema(part).metadata[b"image_size"] == b"160,120" for part in parts)
        edges = [tuple(map(int, part.stem.split("-")[1:])) for part in parts]
        assert (edges[0][0], edges[-1][1]) == (0, FRAMES)
        assert [stop for _, stop in edges[:-1]] == [first for first, _ in edges[1:]]
        table = detections(opened, f"cam_{camera}")
        assert table.schema.equals(DETECTIONS)
        rows = table.to_pandas()
        for frame, found in rows.groupby("frame"):
            expected = sorted(place[:2] for place in places(int(frame), camera))
            np.testing.assert_allclose(sorted(found[["x", "y"]].to_numpy().tolist()), expected, atol=0.5)
        assert rows.frame.nunique() == FRAMES
        assert decode(rows["mask"][0], SIZE).sum() == rows.area[0]
        assert any(
            note.startswith(f"cam_{camera}: {2 * FRAMES} detections in {FRAMES} frames") for note in provenance.notes
        )


def test_chunks_and_workers_do_not_change_the_result(tmp_path: Path, videos: Path) -> None:
    results = []
    for name, chunk, fanout in (("a", 500, None), ("b", 33, None), ("c", 40, LocalFanout(2))):
        opened = experiment(tmp_path / name, videos)
        run_now(JOB, opened, "r", {"chunk": chunk}, fanout=fanout)
        results.append(detections(opened))
    assert results[0].equals(results[1])
    assert results[0].equals(results[2])


@pytest.mark.parametrize("backend", ["median", "mog2"])
def test_an_interrupted_job_goes_on_with_the_same_result(
    tmp_path: Path, videos: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    parameters = {"backend": backend, "chunk": 30, "memory": 30}
    whole = experiment(tmp_path / "whole", videos)
    run_now(JOB, whole, "r", parameters)
    resumed = experiment(tmp_path / "resumed", videos)
    made: list[int] = []
    original = chunks_module.segment_chunk

    def stops_after_two(chunk: chunks_module.Chunk) -> chunks_module.Summary:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(chunk.first)
        return original(chunk)

    monkeypatch.setattr(run_module, "segment_chunk", stops_after_two)
    with pytest.raises(KeyboardInterrupt):
        run_now(JOB, resumed, "r", parameters)
    monkeypatch.setattr(run_module, "segment_chunk", lambda chunk: made.append(chunk.first) or original(chunk))
    run_now(JOB, resumed, "r", parameters)
    assert made == [0, 30, 60, 90], "no chunk is made twice"
    for one, other in zip(
        *(sorted(e.detections_folder("r", "cam_1").glob("part-*")) for e in (whole, resumed)), strict=True
    ):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_other_parameters_or_another_video_leave_nothing_of_the_old_result(tmp_path: Path, videos: Path) -> None:
    opened = experiment(tmp_path / "e", videos)
    run_now(JOB, opened, "r", {"chunk": 30})
    run_now(JOB, opened, "r", {"chunk": 50, "max_area": 60})
    assert len(detections(opened)) == 0
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "1.mp4").write_bytes((videos / "2.mp4").read_bytes())
    opened = experiment(tmp_path / "e", tmp_path / "v")
    run_now(JOB, opened, "r", {"chunk": 50})
    first = detections(opened).to_pandas().query("frame == 0").sort_values("x")
    np.testing.assert_allclose(first[["x", "y"]].iloc[0], places(0, 2)[0][:2], atol=0.5)


def test_the_adaptive_backend_finds_what_moves(tmp_path: Path, videos: Path) -> None:
    opened = experiment(tmp_path, videos)
    run_now(JOB, opened, "r", {"backend": "mog2", "memory": 60, "chunk": 60})
    rows = detections(opened).to_pandas()
    hits = 0
    for frame, found in rows.groupby("frame"):
        distance = [np.hypot(*(found[["x", "y"]].to_numpy() - place[:2]).T).min() for place in places(int(frame), 1)]
        hits += sum(np.array(distance) < 3)
    assert hits >= 0.95 * 2 * FRAMES
    assert len(rows) <= 1.05 * 2 * FRAMES


def test_light_that_changes_slowly_needs_several_backgrounds(tmp_path: Path) -> None:
    """A lamp moves: one half of the tank darkens while the other brightens, which no single gain describes."""
    tilt = np.linspace(-1, 1, SIZE[0])[None, :]

    def image(number: int) -> np.ndarray:
        plain = scene([(20 + number % 120, 60, 10, 5, 0)], contrast=-40, seed=number).astype(float)
        return np.clip(plain * (1 + 0.45 * tilt * (number / 240 - 0.5)), 0, 255).astype(np.uint8)

    write_video(tmp_path / "1.mp4", 240, image)
    opened = experiment(tmp_path, tmp_path)
    counts = {}
    for seconds in (0.0, 1.6):
        run_now(JOB, opened, "r", {"background_s": seconds, "shadow": 0.0, "chunk": 40})
        rows = detections(opened).to_pandas()
        right = np.hypot(rows.x - (20 + rows.frame % 120), rows.y - 60) < 2
        counts[seconds] = rows.frame[right].nunique() - (~right).sum()
    assert counts[1.6] >= 0.95 * 240
    assert counts[1.6] >= counts[0.0]


def test_a_damaged_video_is_used_and_the_loss_is_said(tmp_path: Path, videos: Path) -> None:
    data = bytearray((videos / "1.mp4").read_bytes())
    start = len(data) // 2
    data[start : start + 6000] = np.random.default_rng(1).integers(0, 256, 6000, dtype=np.uint8).tobytes()
    (tmp_path / "1.mp4").write_bytes(data)
    opened = experiment(tmp_path, tmp_path)
    provenance = run_now(JOB, opened, "r", {"chunk": 30})
    assert any("video frames" in note and ("left out" in note or "damaged" in note) for note in provenance.notes)
    assert detections(opened).to_pandas().frame.nunique() > 0.7 * FRAMES


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"roi": {"cam_1": [[0, 0], [500, 0], [0, 100]]}},
            "roi of cam_1: expected points inside the image, x 0 to 159",
        ),
        ({"roi": {"cam_9": [[0, 0], [50, 0], [0, 100]]}}, "roi names 'cam_9'"),
        ({"roi": {"cam_1": [[0, 0], [50, 0]]}}, "at least 3 points"),
        ({"min_area": -1}, "min_area"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, videos: Path, parameters: dict, message: str) -> None:
    with pytest.raises(SkeinError, match=message):
        run_now(JOB, experiment(tmp_path, videos), "r", parameters)


def test_a_missing_video_is_said(tmp_path: Path, videos: Path) -> None:
    with pytest.raises(SkeinError, match=r"there is no video .* of cam_3"):
        run_now(JOB, experiment(tmp_path, videos, cameras=3), "r")
