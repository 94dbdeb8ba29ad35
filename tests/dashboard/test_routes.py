"""Pictures, videos and downloads."""

import io
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.routes import LARGEST_PART
from dashboard.services import Services
from dashboard.settings import Settings
from pipeline.api import TRAJECTORIES, write_table
from pipeline.experiment import Experiment, Provenance, write_provenance
from tests.dashboard.conftest import FRAMES, STEP, grey

FRAME = "/media/frame?experiment=pond&recording=trial_1"
VIDEO = "/media/video?experiment=pond&recording=trial_1&camera=cam_1"


@pytest.fixture
def client(settings: Settings, services: Services) -> FlaskClient:
    return create_app(settings, services).server.test_client()


@pytest.mark.parametrize("frame", [0, 7, FRAMES - 1])
def test_a_picture_shows_its_frame(client: FlaskClient, frame: int) -> None:
    answer = client.get(f"{FRAME}&camera=cam_2&frame={frame}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    image = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == (48, 64)
    assert abs(float(image.mean()) - grey(frame)) < STEP / 3


def test_a_thumbnail_is_small_and_never_larger_than_the_video(client: FlaskClient) -> None:
    sizes = []
    for width in (32, 4000):
        data = client.get(f"{FRAME}&camera=cam_1&frame=0&width={width}").data
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        sizes.append(image.shape)
    assert sizes == [(24, 32), (48, 64)]


def test_an_unchanged_picture_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get(f"{FRAME}&camera=cam_1&frame=3")
    again = client.get(f"{FRAME}&camera=cam_1&frame=3", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(f"{FRAME}&camera=cam_1&frame=4", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/media/frame?experiment=../pond", "No experiment '../pond' is open"),
        ("/media/frame?experiment=pond&recording=../../../etc/passwd", "has no recording"),
        (f"{FRAME}&camera=../cam_1", "No camera named"),
        (f"{FRAME}&camera=cam_1&frame=-1", "whole number"),
        (f"{FRAME}&camera=cam_1&frame={FRAMES}", f"frames 0 to {FRAMES - 1}"),
        (f"{FRAME}&camera=cam_1&frame=0&width=999999", "width"),
        ("/media/frame?experiment=pond&recording=trial_2&camera=cam_1", "nowhere.mp4"),
        (VIDEO, "no browser copy"),
        ("/media/view?experiment=pond&name=../experiment.toml", "no picture"),
        ("/media/view?experiment=pond&name=/etc/passwd", "no picture"),
        ("/download/nothing?experiment=pond&recording=trial_1&format=csv", "nothing"),
        ("/download/trajectories?experiment=pond&recording=trial_1&format=exe", "exe"),
        ("/download/trajectories?experiment=pond&recording=trial_1&format=csv", ""),
    ],
)
def test_names_are_looked_up_and_refused_with_a_sentence(client: FlaskClient, url: str, sentence: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 404
    assert sentence in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture
def proxy(pond: Path) -> bytes:
    """A browser copy of 9 MB whose bytes tell where they are."""
    content = np.arange(9 << 20, dtype=np.uint32).view(np.uint8)[: 9 << 20].tobytes()
    folder = pond / "recordings" / "trial_1" / "proxies"
    folder.mkdir(parents=True)
    (folder / "cam_1.mp4").write_bytes(content)
    return content


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-", 0, LARGEST_PART),  # what a browser asks first
        ("bytes=100-199", 100, 200),
        (f"bytes=5-{8 << 20}", 5, 5 + LARGEST_PART),
        (f"bytes={8 << 20}-", 8 << 20, 9 << 20),
        ("bytes=-10", (9 << 20) - 10, 9 << 20),
        (f"bytes=10-{99 << 20}", 10, 10 + LARGEST_PART),
    ],
)
def test_ranges_are_answered_and_capped(client: FlaskClient, proxy: bytes, wanted: str, start: int, stop: int) -> None:
    answer = client.get(VIDEO, headers={"Range": wanted})
    assert (answer.status_code, answer.mimetype) == (206, "video/mp4")
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(proxy)}"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.data == proxy[start:stop]


def test_a_range_beyond_the_end(client: FlaskClient, proxy: bytes) -> None:
    answer = client.get(VIDEO, headers={"Range": f"bytes={len(proxy)}-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(proxy)}")


def test_without_a_range_the_whole_file_comes_once(client: FlaskClient, proxy: bytes) -> None:
    answer = client.get(VIDEO)
    assert (answer.status_code, answer.data) == (200, proxy)
    again = client.get(VIDEO, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_changed_video_is_not_patched_together(client: FlaskClient, proxy: bytes, pond: Path) -> None:
    tag = client.get(VIDEO, headers={"Range": "bytes=0-9"}).headers["ETag"]
    (pond / "recordings" / "trial_1" / "proxies" / "cam_1.mp4").write_bytes(b"other")
    answer = client.get(VIDEO, headers={"Range": "bytes=2-3", "If-Range": tag})
    assert (answer.status_code, answer.data) == (200, b"other")


def test_a_calibration_picture(client: FlaskClient, pond: Path) -> None:
    (pond / "calibration" / "views").mkdir(parents=True)
    (pond / "calibration" / "views" / "a.jpg").write_bytes(b"picture")
    assert client.get("/media/view?experiment=pond&name=views/a.jpg").data == b"picture"


def test_a_table_is_made_at_that_moment(client: FlaskClient, pond: Path) -> None:
    experiment = Experiment.open(pond)
    rows = {name: [None] * 3 for name in TRAJECTORIES.names}
    rows |= {"frame": [0, 1, 2], "time_s": [0.0, 0.05, 0.1], "individual": ["1"] * 3}
    rows |= {"x": [0.5, 0.25, 0.125], "y": [1.0, 2.0, 4.0], "state": ["observed"] * 3, "n_views": [1] * 3}
    table = pa.table(rows, schema=TRAJECTORIES).replace_schema_metadata({"unit": "m"})
    write_table(experiment.trajectories_path("trial_1"), table)
    write_provenance(experiment, Provenance("reconstruct", "trial_1", {}, {}))
    answer = client.get("/download/trajectories?experiment=pond&recording=trial_1&format=parquet")
    assert answer.status_code == 200, answer.text
    assert "pond-trial_1-trajectories.parquet" in answer.headers["Content-Disposition"]
    found = pq.read_table(io.BytesIO(answer.data))
    assert found["x"].to_pylist() == [0.5, 0.25, 0.125]
