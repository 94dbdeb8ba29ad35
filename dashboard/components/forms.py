"""Forms made from parameter classes: one field per parameter, with unit, limits, help and default."""

import json
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.experiment.explaining import expectation

FIELD = "shell-field"
_UNITS = {"s", "percent", "mm", "m", "px"}
_ACRONYMS = {"gpu": "GPU", "gpus": "GPUs", "iou": "IoU", "roi": "ROI", "fps": "FPS", "id": "ID"}


def parameter_form(
    model: type[BaseModel], values: dict[str, Any], form: str, only: Sequence[str] | None = None
) -> Component:
    """Fields of a parameter class; those marked advanced are folded away.

    Parameters
    ----------
    values
        What to start with; defaults of the class elsewhere.
    form
        Name of the form, part of the fields' ids: ``{"type": FIELD, "form": form, "name": parameter}``.
    only
        Fields to show; default: all.
    """
    plain: list[Component] = []
    advanced: list[Component] = []
    for name, info in model.model_fields.items():
        if only is not None and name not in only:
            continue
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        (advanced if extra.get("advanced") else plain).append(_field(name, info, values, form))
    if not plain and not advanced:
        return html.P("There is nothing to set.", className="dim")
    folded = html.Details([html.Summary("Advanced"), _stack(advanced)], className="folded") if advanced else None
    return html.Div([_stack(plain), folded], className="form")


def form_values(model: type[BaseModel], ids: list[dict[str, str]], values: list[Any]) -> dict[str, Any]:
    """What a form holds: parameter → value, empty fields left out (the default applies)."""
    given = {id_["name"]: value for id_, value in zip(ids, values, strict=True) if value is not None and value != ""}
    return {
        name: _parsed(model.model_fields[name], value) for name, value in given.items() if name in model.model_fields
    }


def field_problems(model: type[BaseModel], values: dict[str, Any]) -> dict[str, str]:
    """Parameter → what is wrong with its value; the key ``""`` holds what concerns several."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        found: dict[str, str] = {}
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0]) if problem["loc"] else ""
            found[name] = expectation(problem)
        return found
    return {}


def to_correct(problems: dict[str, str]) -> str:
    """Which fields to look at (some may be folded away), and what concerns several of them."""
    names = ", ".join(label_of(name) for name in problems if name)
    return " ".join(filter(None, (f"Please correct: {names}." if names else "", problems.get("", ""))))


def changed(model: type[BaseModel], values: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """The values that differ from what would apply without them (`base`, then the defaults).

    Only these are passed on, so that a later change of `experiment.toml` is not held back by what a form repeated.
    """
    given = model.model_validate({**base, **values}).model_dump(mode="json")
    try:
        applied = model.model_validate(base).model_dump(mode="json")
    except ValidationError:
        return values
    return {name: value for name, value in values.items() if given[name] != applied[name]}


def label_of(name: str, unit: str = "") -> str:
    """``square_mm`` → ``Square, mm``: how a parameter is called where people read it."""
    stem, _, last = name.rpartition("_")
    if stem and last in _UNITS:
        name, unit = stem, unit or last
    words = " ".join(_ACRONYMS.get(word, word) for word in name.split("_"))
    return words[0].upper() + words[1:] + (f", {unit}" if unit else "")


def _stack(fields: list[Component]) -> Component:
    return dmc.Stack(fields, gap="sm")


def _parsed(info: FieldInfo, value: Any) -> Any:
    kind = _plain(info.annotation)
    if isinstance(value, str) and _nested(kind):
        try:
            return json.loads(value)
        except ValueError:
            return value  # the validation says what was expected
    if isinstance(value, str) and get_origin(kind) in (list, tuple):
        parts = [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
        return parts if str in get_args(kind) else [_scalar(part) for part in parts]
    return value


def _nested(kind: Any) -> bool:
    """Whether a value is written as JSON: tables, and lists of lists."""
    return get_origin(kind) is dict or any(get_origin(part) in (list, tuple, dict) for part in get_args(kind))


def _scalar(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


def _plain(annotation: Any) -> Any:
    """The type without `None`."""
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return kinds[0] if len(kinds) == 1 else annotation
    return annotation


def _limits(info: FieldInfo) -> tuple[float | None, float | None]:
    low = next((mark.ge for mark in info.metadata if hasattr(mark, "ge")), None)
    high = next((mark.le for mark in info.metadata if hasattr(mark, "le")), None)
    return low, high


def _field(name: str, info: FieldInfo, values: dict[str, Any], form: str) -> Component:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    default = None if info.default is PydanticUndefined else info.get_default(call_default_factory=True)
    value = values.get(name, default)
    kind = _plain(info.annotation)
    unit = str(extra.get("unit") or "")
    low, high = _limits(info)
    told = [info.description or ""]
    if low is not None or high is not None:
        told.append(f"({_range(low, high)}{' ' + unit if unit else ''})")
    common: dict[str, Any] = {
        "id": {"type": FIELD, "form": form, "name": name},
        "label": info.title or label_of(name, unit),
        "description": " ".join(told),
        "size": "sm",
    }
    if kind is bool:
        return dmc.Switch(checked=bool(value), **common)
    common["inputWrapperOrder"] = ["label", "input", "description", "error"]
    if get_origin(kind) is Literal:
        choices = [{"value": str(choice), "label": str(choice).replace("_", " ")} for choice in get_args(kind)]
        return dmc.Select(
            data=choices,
            value=None if value is None else str(value),
            clearable=value is None,
            allowDeselect=False,
            **common,
        )
    placeholder = "not set" if default in (None, {}, [], ()) else str(default)
    if kind in (int, float):
        return dmc.NumberInput(
            value="" if value is None else value,
            min=low, max=high, clampBehavior="none", allowDecimal=kind is float, placeholder=placeholder,
            step=1 if kind is int else _step(default), hideControls=kind is float, **common,
        )  # fmt: skip
    if value in (None, {}, [], ()):
        text = ""
    elif _nested(kind):
        text = json.dumps(value, default=str)
    else:
        text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return dmc.TextInput(value=text, placeholder=placeholder, **common)


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def _step(default: Any) -> float:
    return 1.0 if not isinstance(default, (int, float)) or abs(default) >= 10 else 0.1
