"""aniposelib's calibration files."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SkeinError
from pipeline.formats import anipose
from pipeline.types import Camera, CameraGroup

NUMBERS = st.floats(-1e4, 1e4, allow_nan=False)
SECTION = """\
[cam_{number}]
name = "{name}"
size = [640, 480]
matrix = [[500.0, 0.0, 320.0], [0.0, 500.0, 240.0], [0.0, 0.0, 1.0]]
distortions = {distortions}
rotation = [0.0, 0.0, 0.0]
translation = [1.0, 2.0, 3.0]
{more}
"""


def section(number: int = 0, name: str = "a", distortions: str = "[0.1]", more: str = "") -> str:
    return SECTION.format(number=number, name=name, distortions=distortions, more=more)


@st.composite
def cameras(draw: st.DrawFn) -> CameraGroup:
    def one(name: str) -> Camera:
        model = draw(st.sampled_from(["fisheye", "pinhole"]))
        vector = st.lists(NUMBERS, min_size=3, max_size=3)
        return Camera(
            name,
            (draw(st.integers(1, 5000)), draw(st.integers(1, 5000))),
            model,
            np.array(draw(st.lists(NUMBERS, min_size=9, max_size=9))).reshape(3, 3),
            draw(st.lists(NUMBERS, min_size=4, max_size=4)) + [draw(NUMBERS)] * (model == "pinhole"),
            draw(vector),
            draw(vector),
        )

    return CameraGroup(tuple(one(f"cam {number}") for number in range(draw(st.integers(1, 12)))))


@settings(max_examples=40)  # each writes a file
@given(group=cameras())
def test_what_is_written_is_read_to_the_last_digit(
    group: CameraGroup, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("calibration") / "calibration.toml"
    anipose.write(path, group, {"world": "markers"})
    again = anipose.read(path)
    assert again.names == group.names
    for ours, theirs in zip(again, group, strict=True):
        assert (ours.size, ours.model) == (theirs.size, theirs.model)
        for key in ("matrix", "distortion", "rotation", "translation"):
            assert np.array_equal(getattr(ours, key), getattr(theirs, key))
    assert anipose.read_world(path) == "markers"


def test_the_layout_is_aniposelibs_with_fisheye_and_the_unit_said(tmp_path: Path) -> None:
    camera = Camera("left", (640, 480), "fisheye", np.eye(3), np.zeros(4))
    anipose.write(tmp_path / "c.toml", CameraGroup((camera,)))
    data = tomllib.loads((tmp_path / "c.toml").read_text())
    assert data["cam_0"] == {
        "name": "left", "size": [640, 480], "matrix": np.eye(3).tolist(), "distortions": [0.0] * 4,
        "rotation": [0.0] * 3, "translation": [0.0] * 3, "fisheye": True,
    }  # fmt: skip
    assert data.keys() == {"cam_0", "metadata"}  # aniposelib takes every other section for a camera
    assert data["metadata"] == {"unit": "m"}
    assert anipose.read_world(tmp_path / "c.toml") is None


def test_sections_come_by_number_and_short_distortions_are_filled_up(tmp_path: Path) -> None:
    """Sorted as text, cam_10 would stand before cam_2; aniposelib writes one coefficient where it fitted one."""
    path = tmp_path / "c.toml"
    path.write_text(section(10, "ten") + section(2, "two", "[0.1, 0.2]") + "[metadata]\nadjusted = false\n")
    group = anipose.read(path)
    assert group.names == ("two", "ten")
    assert group["two"].distortion.tolist() == [0.1, 0.2, 0, 0, 0]
    assert group["two"].model == "pinhole"
    np.testing.assert_array_equal(group["ten"].centre, [-1, -2, -3])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[cam_0", "expected a calibration in aniposelib's layout"),
        (b"\xff\xfe\x00", "expected a calibration in aniposelib's layout"),
        (b'name = "x"', r"expected sections \[cam_0\], \[cam_1\] …, found \['name'\]"),
        (b'[cam_0]\nname = "a"', r"section \[cam_0\] lacks size, matrix"),
        (section(distortions="[1, 2, 3, 4, 5, 6]").encode(), "6 distortion coefficients, expected 5"),
        (section(distortions="[1, 2, 3, 4, 5]", more="fisheye = true").encode(), "5 distortion coefficients"),
        (section(distortions='["much"]').encode(), r"section \[cam_0\] has a value that is not"),
        (section(distortions="[nan]").encode(), "expected finite numbers"),
        (section().replace("[640, 480]", "640").encode(), r"section \[cam_0\] has a value that is not"),
        (section().replace("[1.0, 2.0, 3.0]", "[1.0]").encode(), r"translation: expected an array of shape \(3,\)"),
        ((section(0) + section(1)).encode(), "unique camera names"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(SkeinError, match=message):
        anipose.read(path)
    with pytest.raises(SkeinError, match=r"absent\.toml"):
        anipose.read(tmp_path / "absent.toml")
