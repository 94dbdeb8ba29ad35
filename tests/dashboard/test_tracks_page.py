"""The page Tracks and its figures: missing, done, damaged; a frame, the lanes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard.figures import tracks as figures
from dashboard.page import Place
from dashboard.pages import tracks
from dashboard.pages import tracks_queries as queries
from dashboard.services import Services
from pipeline.api import write_table
from tests.dashboard.movements import tracks_table


def text(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json(), ensure_ascii=False)


@pytest.fixture
def tracked(pond: Path) -> Path:
    for camera in ("cam_1", "cam_2"):
        path = pond / "recordings" / "trial_1" / "tracks" / f"{camera}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = tracks_table([(0, 0, range(24)), (1, 1, range(5)), (1, 2, range(10, 24))], frozenset({3}))
        write_table(path, table)
    return pond


def test_nothing_yet(services: Services) -> None:
    page = text(tracks.layout(services, services.view_at(Place.of("/tracks"))))
    assert "Shows each camera" in page


def test_done(services: Services, tracked: Path) -> None:
    view = services.view_at(Place.of("/tracks?frame=7&camera=cam_2"))
    services.media.described(view.experiment, "trial_1")
    page = tracks.layout(services, view)
    assert (page["tracks-frame"].max, page["tracks-frame"].value) == (23, 7)
    assert page["tracks-camera"].value == "cam_2"


@pytest.mark.parametrize(("query", "frame"), [("frame=999", 23), ("frame=-4", 0), ("frame=x", 0)])
def test_a_frame_that_is_not_there(services: Services, tracked: Path, query: str, frame: int) -> None:
    view = services.view_at(Place.of(f"/tracks?{query}&camera=cam_9"))
    services.media.described(view.experiment, "trial_1")
    page = tracks.layout(services, view)
    assert page["tracks-frame"].value == frame
    assert page["tracks-camera"].value == "cam_1"


def test_missing_videos_are_said_and_tracks_still_shown(services: Services, tracked: Path) -> None:
    (tracked / "cam_1.mp4").unlink()
    view = services.view_at(Place.of("/tracks"))
    services.media.described(view.experiment, "trial_1")
    page = text(tracks.layout(services, view))
    assert "There is no video" in page
    assert '"max": 23' in page


def test_a_frame_with_all_layers(services: Services, tracked: Path) -> None:
    view = services.view_at(Place.of("/tracks"))
    figure = tracks.picture_of(view, "cam_1", 12, list(figures.LAYERS), 20.0)
    assert "frame=12" in figure.layout.images[0].source
    assert (figure.layout.images[0].sizex, figure.layout.images[0].x) == (64, -0.5)
    assert tuple(figure.layout.yaxis.range) == (47.5, -0.5)
    points = next(trace for trace in figure.data if trace.mode == "markers")
    assert points.x.tolist() == [17.0, 17.0]
    assert [note.text for note in figure.layout.annotations] == ["0", "1"]


def test_a_tail_ends_at_the_last_gap() -> None:
    rows = tracks_table([(1, 1, range(5)), (1, 2, range(10, 13))]).to_pandas()
    figure = figures.frame_picture("/p?a=b&frame=12", (64, 48), rows, 12, {}, pd.DataFrame(), {}, {"tails"})
    tail = next(trace for trace in figure.data if trace.mode == "lines")
    assert list(tail.x) == [15.0, 16.0, 17.0]
    assert figure.layout.uirevision == "/p?a=b"


def test_an_interpolated_box_is_dotted_and_masks_follow_their_detection() -> None:
    rows = tracks_table([(4, 1, range(5))], frozenset({2})).to_pandas()
    ring = np.array([[0.0, 0], [1, 0], [1, 1], [0, 0]])
    now = figures.frame_picture("s", (64, 48), rows, 2, {0: [ring]}, pd.DataFrame(), {}, {"boxes", "masks"})
    assert [trace.line.dash for trace in now.data if trace.mode == "lines"] == ["dot"]
    before = figures.frame_picture("s", (64, 48), rows, 1, {0: [ring]}, pd.DataFrame(), {}, {"masks"})
    mask = next(trace for trace in before.data if trace.mode == "lines")
    assert mask.line.color == figures.track_colour(4)
    assert list(mask.x) == [0, 1, 1, 0]


def test_lanes_show_every_tracklet_and_the_frame(tmp_path: Path) -> None:
    pieces = [(0, 0, range(10)), (0, 1, range(15, 20)), (1, 2, range(5, 10))]
    write_table(tmp_path / "t.parquet", tracks_table(pieces))
    figure = figures.lane_figure(queries.lanes(tmp_path / "t.parquet"), 7, 19)
    bars = [trace for trace in figure.data if trace.customdata is not None]
    assert [np.isnan(trace.x).sum() for trace in bars] == [2, 1]  # a gap after each tracklet
    assert np.nanmax(bars[0].x) == 19
    assert figure.layout.shapes[0].x0 == 7
    assert list(figure.layout.yaxis.ticktext) == ["0", "1"]


def test_no_tracks_at_all(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", tracks_table([]))
    assert len(figures.lane_figure(queries.lanes(tmp_path / "t.parquet"), 0, 10).data) == 0
    found = queries.summary(tmp_path / "t.parquet")
    assert found.last_frame == -1
    assert "no tracks" in text(tracks.measures(found, 10, 3))


def test_sentence_and_numbers(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", tracks_table([(0, 0, range(10)), (1, 1, range(10))]))
    found = queries.summary(tmp_path / "t.parquet")
    assert tracks.sentence("cam_1", found, 10, 4) == (
        "cam_1: 2 tracks for 4 animals; 50.0 % of the animals' frames are covered."
    )
    assert tracks.sentence("cam_1", found, 10, None) == "cam_1: 2 tracks."
    assert "number not given" in text(tracks.measures(found, 10, None))


def test_thumbnails_are_of_cameras_with_tracks(services: Services, tracked: Path) -> None:
    view = services.view_at(Place.of("/tracks"))
    buttons = tracks.thumbnails(view, "cam_2", 3)
    assert [button.id["camera"] for button in buttons] == ["cam_1", "cam_2"]
    assert "here" in buttons[1].className
    (tracked / "recordings/trial_1/tracks/cam_2.parquet").unlink()
    assert tracks.thumbnails(view, "cam_1", 3) == []
