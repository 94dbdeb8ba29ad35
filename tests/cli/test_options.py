"""Options that follow from a parameter class."""

import argparse
from typing import Any, Literal

import pytest

from pipeline.api import InvalidExperiment, Job, Parameters, parameter
from pipeline.cli.options import add_parameters, given_parameters
from pipeline.registry import jobs


class Every(Parameters):
    count: int = parameter(3, "How many.", minimum=1, maximum=9)
    gate_mm: float | None = parameter(None, "Gate.", unit="mm", minimum=0)
    name: str = parameter("fish", "Name; 100 % of it.")
    mode: Literal["fast", "exact"] = parameter("fast", "Mode.")
    smooth: bool = parameter(True, "Smooth.", advanced=True)
    pair: tuple[int, int] = parameter((1, 2), "Two numbers.", unit="px")
    roi: dict[str, list[tuple[float, float]]] = parameter({}, "Polygon per camera.")


JOB = Job(name="every", title="Every", help="Every kind.", parameters=Every, run="x:y", entry="x:z")


def given(*words: str) -> dict[str, Any]:
    command = argparse.ArgumentParser()
    add_parameters(command, JOB)
    return given_parameters(command.parse_args(words), JOB)


def test_only_what_was_given_is_passed_on() -> None:
    assert given() == {}
    assert given("--count", "4", "--no-smooth", "--name", "12") == {"count": 4, "smooth": False, "name": "12"}


def test_every_kind_of_value_is_validated_by_the_declaration() -> None:
    values = given(
        "--gate-mm", "2.5", "--mode", "exact", "--pair", "[3, 4]", "--roi", "{ a = [[0, 0], [1, 0], [1, 1]] }"
    )
    validated = JOB.validated(values)
    assert isinstance(validated, Every)
    assert (validated.gate_mm, validated.mode, validated.pair) == (2.5, "exact", (3, 4))
    assert validated.roi == {"a": [(0, 0), (1, 0), (1, 1)]}
    assert given("--gate-mm", "none") == {"gate_mm": None}
    with pytest.raises(InvalidExperiment) as caught:
        JOB.validated(given("--count", "12", "--gate-mm", "wide", "--pair", "3"))
    assert len(caught.value.problems) == 3


def test_a_choice_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        given("--mode", "slow")
    assert "invalid choice: 'slow'" in capsys.readouterr().err


def test_help_shows_unit_default_and_limits() -> None:
    command = argparse.ArgumentParser()
    add_parameters(command, JOB)
    text = " ".join(command.format_help().split())
    assert "How many. (default: 3; at least 1; at most 9)" in text
    assert "Gate. (in mm; at least 0)" in text
    assert "Name; 100 % of it. (default: fish)" in text
    assert "--smooth, --no-smooth Smooth. (default: yes)" in text
    assert "Two numbers. (in px; default: [1, 2])" in text
    assert text.index("advanced parameters") < text.index("--smooth, --no-smooth Smooth.")


@pytest.mark.parametrize("job", jobs().values(), ids=lambda job: job.name)
def test_every_declared_job_has_help_for_every_parameter(job: Job) -> None:
    command = argparse.ArgumentParser()
    add_parameters(command, job)
    text = command.format_help()
    for name, field in job.parameters.model_fields.items():
        assert f"--{name.replace('_', '-')}" in text
        assert field.description
