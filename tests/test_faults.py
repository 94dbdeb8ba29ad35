"""Bad videos, cameras and boards: one clear sentence, the same on the command line and in the browser."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.cli import main
from pipeline.jobs import Ledger
from tests.browser import expect, looking_at, serving
from tests.video.numbered import write_numbered

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
TOML = """\
name = "Faults"
[board]
inner_corners = [8, 5]
square_mm = 30
[[camera]]
name = "left"
calibration_video = "board"
[[camera]]
name = "right"
[[recording]]
name = "garbage"
videos = { left = "whole.mp4", right = "garbage.mp4" }
[[recording]]
name = "missing"
videos = { left = "whole.mp4", right = "nowhere.mp4" }
[[recording]]
name = "truncated"
videos = { left = "whole.mp4", right = "truncated.mp4" }
"""


def board_picture(angle: float) -> np.ndarray:
    """A chessboard of 7 × 4 inner corners, seen obliquely."""
    squares = np.kron(np.indices((5, 8)).sum(axis=0) % 2, np.ones((40, 40))) * 200 + 30
    image = np.pad(squares.astype(np.uint8), 60, constant_values=230)
    height, width = image.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    lean = np.array([[0, 20 * angle], [0, -15 * angle], [0, 0], [25 * angle, 0]], np.float32)
    return cv2.warpPerspective(image, cv2.getPerspectiveTransform(corners, corners + lean), (width, height))


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """An experiment in which everything is wrong that labs get wrong."""
    root = tmp_path / "faults"
    (root / "board").mkdir(parents=True)
    for number in range(6):
        cv2.imwrite(str(root / "board" / f"{number}.png"), board_picture(number / 5))
    write_numbered(root / "whole.mp4", 200, options={"g": "10"})
    (root / "garbage.mp4").write_bytes(b"this is not a video" * 100)
    # A recorder that lost power: the index lies in front, the end of the pictures is gone.
    write_numbered(root / "cut.mp4", 200, options={"g": "10"}, container_options={"movflags": "faststart"})
    whole = (root / "cut.mp4").read_bytes()
    (root / "truncated.mp4").write_bytes(whole[: len(whole) * 7 // 10])
    (root / "cut.mp4").unlink()
    (root / "experiment.toml").write_text(TOML, encoding="utf-8")
    return root


def test_one_clear_sentence_on_the_command_line_and_in_the_browser(
    faulty: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_home / "settings.toml").write_text("workers = 1\nidle_s = 1.0\n", encoding="utf-8")

    def told(*words: str) -> str:
        assert main([words[0], str(faulty), *words[1:]]) == 1
        error = capsys.readouterr().err
        assert len(error.strip().splitlines()) == 1
        assert "Traceback" not in error
        return error

    assert "garbage.mp4" in told("segment", "-r", "garbage")
    assert "nowhere.mp4" in told("segment", "-r", "missing")
    wrong_board = told("calibrate")
    assert "8 × 5" in wrong_board
    assert "inner_corners = [7, 4]" in wrong_board

    assert main(["segment", str(faulty), "-r", "truncated"]) == 0  # what can be decoded is used …
    assert re.search(r"right.*\d+ (of|frames)", capsys.readouterr().out)  # … and what is lost is said

    sentences = {row.error for row in Ledger().rows() if row.state == "failed"}
    assert len(sentences) == 3
    with serving(faulty, own_home=own_home) as address, looking_at(address) as page:
        page.goto(f"{address}/jobs")
        for sentence in sentences:
            assert sentence is not None
            expect(page.locator(".ag-root")).to_contain_text(sentence)
        expect(page.locator("body")).not_to_contain_text("Traceback")
        page.goto(f"{address}/?recording=missing")
        expect(page.locator("[row-id='missing'] [col-id='segment']")).to_contain_text("failed")
        expect(page.locator("[row-id='truncated'] [col-id='segment']")).to_contain_text("done")
