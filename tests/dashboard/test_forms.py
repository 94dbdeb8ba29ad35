"""Forms made from parameter classes."""

from typing import Literal

import pytest

from dashboard.components.forms import changed, field_problems, form_values, label_of, parameter_form, to_correct
from pipeline.api import Parameters, parameter


class Example(Parameters):
    threshold: float = parameter(12.5, "Smallest difference.", unit="grey levels", minimum=1, maximum=254)
    count: int | None = parameter(None, "How many.", minimum=1)
    mode: Literal["fast", "exact"] = parameter("fast", "How.")
    shadows: bool = parameter(True, "Drop shadows.", advanced=True)
    sizes: tuple[int, ...] = parameter((1, 2), "Sizes.", unit="px")
    passes: tuple[tuple[int, float], ...] = parameter(((10, 20.0),), "Passes.")
    roi: dict[str, list[int]] = parameter({}, "Region.")
    title: str | None = parameter(None, "Title.")


def fields(form: str = "run") -> dict[str, object]:
    found: dict[str, object] = {}

    def walk(component: object) -> None:
        id_ = getattr(component, "id", None)
        if isinstance(id_, dict) and id_.get("form") == form:
            found[id_["name"]] = component
        children = getattr(component, "children", None)
        for child in children if isinstance(children, list) else [children]:
            if child is not None and not isinstance(child, str):
                walk(child)

    walk(parameter_form(Example, {"count": 4}, form))
    return found


def test_every_parameter_has_a_field_with_unit_limits_and_value() -> None:
    found = fields()
    assert set(found) == set(Example.model_fields)
    assert found["threshold"].label == "Threshold, grey levels"
    assert "(1 to 254 grey levels)" in found["threshold"].description
    assert (found["count"].value, found["shadows"].checked, found["mode"].value) == (4, True, "fast")
    assert found["passes"].value == "[[10, 20.0]]"
    assert found["sizes"].value == "1, 2"


def test_a_form_read_back_is_what_it_was_made_from() -> None:
    found = fields()
    ids = [{"name": name} for name in found]
    values = [found[name].checked if name == "shadows" else found[name].value for name in found]
    read = form_values(Example, ids, values)
    assert field_problems(Example, read) == {}
    assert Example.model_validate(read) == Example.model_validate({"count": 4})
    assert changed(Example, read, {}) == {"count": 4}
    assert changed(Example, read, {"count": 4, "mode": "exact"}) == {"mode": "fast"}


@pytest.mark.parametrize(
    ("name", "entered", "part"),
    [
        ("threshold", 300, "at most 254"),
        ("count", 1.5, "whole number"),
        ("passes", "[[10, 2", "list"),
        ("sizes", "1, two", "whole number"),
        ("mode", "slow", "'fast' or 'exact'"),
    ],
)
def test_a_problem_stands_beside_its_field(name: str, entered: object, part: str) -> None:
    problems = field_problems(Example, form_values(Example, [{"name": name}], [entered]))
    assert list(problems) == [name]
    assert part in problems[name]


def test_it_is_said_which_fields_to_correct() -> None:
    assert to_correct({"min_area": "x", "roi": "y"}) == "Please correct: Min area, ROI."
    assert to_correct({"": "Give both or none."}) == "Give both or none."


def test_empty_fields_mean_the_default() -> None:
    assert form_values(Example, [{"name": "count"}, {"name": "title"}], ["", None]) == {}


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [("square_mm", "", "Square, mm"), ("max_gap_s", "s", "Max gap, s"), ("roi", "px", "ROI, px"), ("mode", "", "Mode")],
)
def test_labels(name: str, unit: str, label: str) -> None:
    assert label_of(name, unit) == label
