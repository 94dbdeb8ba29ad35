"""Estimates with known answers, and what reaches the file."""

import json
import time
from pathlib import Path

import pytest

from pipeline.jobs.progress import Estimate, ProgressFile


def test_constant_speed_is_exact() -> None:
    estimate = Estimate()
    for second in range(11):
        estimate.add(second, 3 * second, 300)
    assert estimate.left_s(10) == pytest.approx((300 - 30) / 3)


def test_a_slow_start_is_forgotten() -> None:
    estimate = Estimate()
    estimate.add(0, 0, 1000)
    estimate.add(100, 1, 1000)  # a cold start: 100 s for the first piece
    for second in range(1, 201):
        estimate.add(100 + second, 1 + 2 * second, 1000)  # then 2 pieces a second
    assert estimate.left_s(300) == pytest.approx((1000 - 401) / 2, rel=0.02)


def test_pieces_that_were_resumed_at_once_do_not_count_as_speed() -> None:
    estimate = Estimate()
    estimate.add(0, 500, 1000)
    estimate.add(10, 510, 1000)
    assert estimate.left_s(10) == pytest.approx(490)


def test_a_pause_makes_the_estimate_grow() -> None:
    estimate = Estimate()
    for second in range(11):
        estimate.add(second, second, 100)
    for second in range(11, 40):
        estimate.add(second, 10, 100)
    left = estimate.left_s(39)
    assert left is None or left > 90


def test_a_new_phase_starts_anew() -> None:
    estimate = Estimate()
    for second in range(10):
        estimate.add(second, second, 10)
    estimate.add(10, 0, 50)
    assert estimate.left_s(10) is None
    estimate.add(20, 10, 50)
    assert estimate.left_s(20) == pytest.approx(40)


def test_memory_is_bounded_and_the_estimate_stays_right() -> None:
    estimate = Estimate()
    for second in range(100_000):
        estimate.add(second, second, 200_000)
    assert estimate.left_s(99_999) == pytest.approx(100_001, rel=1e-6)
    assert len(estimate._samples) <= 201


def test_the_last_word_is_written_and_calls_are_thinned(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    with ProgressFile(path) as progress:
        begin = time.monotonic()
        calls = 0
        while time.monotonic() - begin < 0.1:
            calls += 1
            progress(calls, 1e9, "many")
        progress(7, 14, "half")
    assert calls > 1000
    assert json.loads(path.read_text()) == {"done": 7.0, "total": 14.0, "message": "half", "eta_s": None}


def test_a_full_disk_does_not_stop_the_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with ProgressFile(blocked / "progress.json") as progress:
        progress(1, 2)
    assert "Progress could not be written" in capsys.readouterr().out
