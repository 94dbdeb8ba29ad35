"""Settings of this computer: what is wrong in them is said, and then nothing is written."""

import pytest

from pipeline.errors import InvalidExperiment
from pipeline.jobs.settings import read_settings, settings_path, write_settings


def test_what_is_saved_is_read_and_none_brings_the_default_back() -> None:
    write_settings({"slots": 3, "cluster": "tcp://node1:8786"})
    assert (read_settings().slots, read_settings().cluster) == (3, "tcp://node1:8786")
    write_settings({"slots": None, "cluster": None})
    assert (read_settings().slots, read_settings().cluster) == (1, None)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"cluster": "node1"}, "settings.toml: cluster: expected an address like tcp://node1:8786, got 'node1'"),
        ({"slots": 0}, "settings.toml: slots: expected at least 1, got 0"),
        ({"slot": 2}, "settings.toml: slot: this key is not known; did you mean slots?"),
    ],
)
def test_a_wrong_setting_is_told_and_not_written(values: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidExperiment) as raised:
        write_settings(values)
    assert raised.value.problems == [problem]
    assert not settings_path().exists()
