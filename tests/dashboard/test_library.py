"""Which experiments are open, and which may be."""

from pathlib import Path

import pytest

from dashboard.library import Library, experiments_below
from pipeline.api import SkeinError


def experiment(folder: Path, name: str = "X") -> Path:
    folder.mkdir(parents=True)
    (folder / "experiment.toml").write_text(f'name = "{name}"\n')
    return folder


def test_keys_are_unique_and_remembered(tmp_path: Path) -> None:
    first = experiment(tmp_path / "a" / "flume one")
    second = experiment(tmp_path / "b" / "flume one")
    library = Library((first, second), (tmp_path,))
    assert library.keys == ("flume-one", "flume-one-2")
    library.opened(experiment(tmp_path / "c" / "new"))
    assert Library((), (tmp_path,)).keys == ("flume-one", "flume-one-2", "new")


def test_what_is_remembered_is_opened_below_the_roots_only(tmp_path: Path) -> None:
    Library((), (tmp_path,)).opened(experiment(tmp_path / "secret" / "x"))
    other = tmp_path / "other"
    other.mkdir()
    assert Library((), (other,)).keys == ()


def test_a_folder_of_experiments_opens_all_of_them(tmp_path: Path) -> None:
    experiment(tmp_path / "2025" / "a")
    experiment(tmp_path / "2026" / "b")
    experiment(tmp_path / ".hidden" / "c")
    assert [folder.name for folder in experiments_below(tmp_path)] == ["a", "b"]
    assert Library((tmp_path,), (tmp_path,)).keys == ("a", "b")


@pytest.mark.parametrize("label", ["../outside", "/etc", "lab/../../outside", "outside", ""])
def test_only_what_was_found_below_a_root_can_be_opened(tmp_path: Path, label: str) -> None:
    experiment(tmp_path / "outside")
    inside = experiment(tmp_path / "lab" / "inside")
    library = Library((), (tmp_path / "lab",))
    assert list(library.candidates().values()) == [inside]
    with pytest.raises(SkeinError, match="not an experiment below"):
        library.open(label)
    assert library.open(next(iter(library.candidates()))).folder == inside
    assert library.candidates() == {}


@pytest.mark.parametrize("name", ["..", ".", "../x", "a/b", "a\\b", "/etc", "", "a b"])
def test_a_new_folder_is_one_name_below_a_root(tmp_path: Path, name: str) -> None:
    library = Library((), (tmp_path,))
    with pytest.raises(SkeinError, match="folder name"):
        library.place(str(tmp_path), name)
    with pytest.raises(SkeinError, match="may write to"):
        library.place("/etc", "x")
    assert library.place(str(tmp_path), "flume_2") == tmp_path / "flume_2"


def test_a_broken_file_is_shown_with_all_its_problems_and_noticed_when_mended(tmp_path: Path) -> None:
    folder = experiment(tmp_path / "x")
    (folder / "experiment.toml").write_text('name = ""\nanimals = "eight"\ncameras = 3\n')
    library = Library((folder,), (tmp_path,))
    opened = library.get("x")
    assert opened is not None
    assert opened.experiment is None
    assert len(opened.problems) == 3
    assert all(problem.startswith("experiment.toml") for problem in opened.problems)
    stamp = library.stamp("x")
    (folder / "experiment.toml").write_text('name = "Mended now"\n')
    mended = library.get("x")
    assert mended is not None
    assert mended.title == "Mended now"
    assert library.stamp("x") != stamp


def test_the_first_that_can_be_read_is_shown(tmp_path: Path) -> None:
    broken, good = experiment(tmp_path / "a", ""), experiment(tmp_path / "b")
    assert Library((broken, good), ()).first() == "b"
    assert Library((broken,), ()).first() == "a"
    assert Library((), ()).first() is None


def test_closing_forgets_and_deletes_nothing(tmp_path: Path) -> None:
    folder = experiment(tmp_path / "x")
    library = Library((folder,), (tmp_path,))
    library.close("x")
    assert library.get("x") is None
    assert (folder / "experiment.toml").is_file()


def test_files_that_a_form_offers(pond: Path) -> None:
    library = Library((pond,), (pond.parent,))
    (pond.parent / "elsewhere.mp4").touch()
    (pond / ".hidden.mp4").touch()
    labels = library.files("pond", frozenset({".mp4"}))
    assert list(labels) == ["cam_1.mp4", "cam_2.mp4", "lab/elsewhere.mp4"]
