"""What produced a result: written, read back, and compared by content."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, Provenance, read_provenance, write_provenance
from pipeline.experiment.provenance import provenance_path


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    (tmp_path / "experiment.toml").write_text(
        'name = "p"\n[[camera]]\nname = "c"\n[[recording]]\nname = "r"\nvideos = { c = "v.mp4" }\n'
    )
    return Experiment.open(tmp_path)


def test_it_is_read_as_it_was_written(experiment: Experiment) -> None:
    for recording in ("r", None):
        written = Provenance("track", recording, {"gap": 3}, {"detections": "abc"}, ["2 frames were cut."], 1.5)
        write_provenance(experiment, written)
        assert read_provenance(experiment, "track", recording) == written
    assert read_provenance(experiment, "segment", "r") is None


def test_its_key_follows_from_what_determines_the_result_only() -> None:
    first = Provenance("track", "r", {"gap": 3, "mode": "motion"}, {"a": "1", "b": "2"})
    same = replace(
        first,
        parameters={"mode": "motion", "gap": 3},
        notes=["later"],
        duration_s=9.0,
        finished="tomorrow",
        versions={},
    )
    others = [
        replace(first, job="segment"),
        replace(first, recording="q"),
        replace(first, parameters={"gap": 4, "mode": "motion"}),
        replace(first, inputs={"a": "1", "b": "3"}),
    ]
    assert same.key == first.key
    assert len({first.key, *(other.key for other in others)}) == 5


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"job": "track", "unknown": 1}'])
def test_a_damaged_one_is_a_sentence(experiment: Experiment, text: str) -> None:
    path = provenance_path(experiment, "track", "r")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(SkeinError, match=r"track\.json cannot be read .*: run track again"):
        read_provenance(experiment, "track", "r")
