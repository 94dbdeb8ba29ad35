"""Files are whole or not there, whatever happens while they are written."""

import errno
import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SkeinError
from pipeline.files import data_fingerprint, file_fingerprint, leftovers, replacing, write_json, write_table, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_file_replaces_the_old_one_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "a.txt"
    write_text(path, "one\n")
    write_text(path, "zwei µ\n")
    assert path.read_bytes() == "zwei µ\n".encode()
    assert names(path.parent) == ["a.txt"]


def test_while_it_is_written_the_old_one_stands_and_no_glob_finds_the_new(tmp_path: Path) -> None:
    path = tmp_path / "part-0-9.parquet"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.suffix == ".parquet"
        assert list(tmp_path.glob("part-*")) == [path]
        assert list(leftovers(path)) == [temporary]
    assert path.read_text() == "new"


def test_a_failure_inside_leaves_the_old_file_only(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("the encoder gave up")

    with pytest.raises(RuntimeError, match="gave up"):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "a.parquet"
    write_table(path, pa.table({"x": [1]}))
    monkeypatch.setattr(*((os, "fsync", full) if step == "fsync" else (Path, "replace", full)))
    with pytest.raises(
        SkeinError, match=r"^Could not write a\.parquet: No space left on device\. Nothing was changed\.$"
    ):
        write_table(path, pa.table({"x": [2]}))
    assert pq.read_table(path).to_pydict() == {"x": [1]}
    assert names(tmp_path) == ["a.parquet"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SkeinError, match=r"^Could not write a\.json: "):
        write_json(tmp_path / "taken" / "a.json", {})


def test_numbers_that_json_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert names(tmp_path) == []


def test_leftovers_are_those_of_the_path_only(tmp_path: Path) -> None:
    own = [
        tmp_path / ".a[1].toml.0123abcd.part.toml",
        tmp_path / "folder" / ".x.json.89abcdef.part.json",
        tmp_path / "folder" / "deep" / ".y.0123abcd.part",
    ]
    others = [
        tmp_path / "a[1].toml",
        tmp_path / ".a1.toml.0123abcd.part.toml",
        tmp_path / ".ba[1].toml.0123abcd.part.toml",
        tmp_path / "folder" / "x.json",
    ]
    for path in own + others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert list(leftovers(tmp_path / "a[1].toml")) == own[:1]
    assert sorted(leftovers(tmp_path / "folder")) == sorted(own[1:])
    assert list(leftovers(tmp_path / "nowhere" / "a")) == []


def test_a_copy_has_the_same_fingerprint_and_any_change_of_a_small_file_another(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 10)
    first = file_fingerprint(path)
    shutil.copy(path, tmp_path / "b")
    os.utime(tmp_path / "b", (0, 0))
    assert file_fingerprint(tmp_path / "b") == first
    changed = bytearray(path.read_bytes())
    changed[1000] ^= 1
    path.write_bytes(changed)
    os.utime(path, (1, 1))
    assert file_fingerprint(path) != first


def test_of_a_large_file_size_begin_middle_and_end_count(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    size = 10 << 20
    seen = set()
    for place in (None, 0, size // 2, size - 1):
        data = bytearray(size)
        if place is not None:
            data[place] = 1
        path.write_bytes(data)
        os.utime(path, (len(seen), len(seen)))
        seen.add(file_fingerprint(path))
    path.write_bytes(bytes(size + 1))
    assert len(seen | {file_fingerprint(path)}) == 5


SIMPLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), SIMPLE, max_size=4))
def test_the_fingerprint_of_data_knows_no_order_of_keys_and_survives_json(data: dict[str, object]) -> None:
    turned = dict(reversed(list(data.items())))
    assert data_fingerprint(data) == data_fingerprint(turned) == data_fingerprint(json.loads(json.dumps(data)))
    assert data_fingerprint({**data, "one more": 1}) != data_fingerprint({**data, "one more": 2})
