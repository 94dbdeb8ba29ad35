"""Which format a file has, and what each format holds."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.formats import anipose
from pipeline.formats.job import ExportParameters
from pipeline.formats.registry import FORMATS, exportable, format_named, read
from pipeline.types import Camera, CameraGroup
from tests.formats.some_tables import tracks, trajectories


@pytest.mark.parametrize("name", ["csv", "xlsx", "parquet", "movement", "mot"])
def test_a_written_file_is_recognised(tmp_path: Path, name: str) -> None:
    target = format_named(name)
    path = target.write_tables(tmp_path / f"t{target.suffix}", {"tracks": tracks()})[0]
    renamed = path.with_name("other.dat")
    assert read(path)[0] is target
    if name != "csv":  # which needs its sidecar, found by name
        path.rename(renamed)
        assert read(renamed)[0] is target


def test_a_calibration_is_recognised(tmp_path: Path) -> None:
    camera = Camera("a", (10, 10), "pinhole", np.eye(3), np.zeros(5))
    anipose.write(tmp_path / "c.toml", CameraGroup((camera,)))
    found, cameras = read(tmp_path / "c.toml")
    assert found.name == "anipose"
    assert cameras.names == ("a",)


def test_an_unknown_file_says_what_was_tried_and_why_not(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("hello,world\n")
    with pytest.raises(SkeinError, match=r"notes\.csv is of no format") as caught:
        read(path)
    message = str(caught.value)
    assert "no notes.json beside it" in message
    for entry in FORMATS:
        assert (f"{entry.title}: " in message) == entry.reads
    with pytest.raises(SkeinError, match=r"No file absent\.csv"):
        read(tmp_path / "absent.csv")


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"[broken"])
def test_no_content_makes_a_sniffer_fall(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(SkeinError, match="of no format"):
        read(path)


def test_what_a_format_holds() -> None:
    assert [entry.name for entry in exportable("zones")] == ["csv", "xlsx", "parquet", "mat"]
    assert [entry.name for entry in exportable("trajectories")] == ["csv", "xlsx", "parquet", "mat", "movement"]
    tracks_formats = [entry.name for entry in exportable("tracks")]
    assert tracks_formats == ["csv", "xlsx", "parquet", "mat", "movement", "mot"]
    choices = ExportParameters.model_fields["format"].annotation.__args__
    assert list(choices) == tracks_formats
    with pytest.raises(SkeinError, match="there are csv"):
        format_named("doc")


def test_mot_holds_tracks_only(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="MOT text holds tracks"):
        format_named("mot").write_tables(tmp_path / "t.txt", {"t": trajectories()})
