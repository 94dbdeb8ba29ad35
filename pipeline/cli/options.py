"""Options of a subcommand from the fields of a parameter class."""

import argparse
import tomllib
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.jobs.declaration import Job

_PREFIX = "parameter_"


def add_parameters(command: argparse.ArgumentParser, job: Job) -> None:
    """One option per parameter, with its help, unit, default and limits; advanced ones in a group of their own."""
    common = command.add_argument_group("parameters", "Those not given come from experiment.toml, then the defaults.")
    advanced = command.add_argument_group("advanced parameters")
    for name, field in job.parameters.model_fields.items():
        group = advanced if _extra(field).get("advanced") else common
        option = f"--{name.replace('_', '-')}"
        choices = _choices(field)
        details: dict[str, Any] = {"dest": _PREFIX + name, "default": None, "help": _help(field)}
        if _kinds(field) == {bool}:
            group.add_argument(option, action=argparse.BooleanOptionalAction, **details)
        elif choices:
            group.add_argument(option, choices=choices, **details)
        else:
            group.add_argument(option, metavar=_metavar(field), **details)


def given_parameters(arguments: argparse.Namespace, job: Job) -> dict[str, Any]:
    """The values that were given, for the job's own validation."""
    values = {name: getattr(arguments, _PREFIX + name) for name in job.parameters.model_fields}
    return {
        name: _value(value, job.parameters.model_fields[name]) for name, value in values.items() if value is not None
    }


def _value(text: Any, field: FieldInfo) -> Any:
    """Numbers and lists are written as in TOML (`[1, 2]`); `none` takes a value away where that is possible."""
    kinds = _kinds(field)
    if not isinstance(text, str):
        return text
    if text == "none" and NoneType in kinds:
        return None
    if str in kinds or _choices(field):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _help(field: FieldInfo) -> str:
    facts = []
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        facts.append("required")
    elif default is not None and default != "":
        facts.append(f"default: {_shown(default)}")
    facts.extend(_limits(field))
    unit = _extra(field).get("unit")
    sentence = (field.description or "").replace("%", "%%")
    detail = "; ".join([*([f"in {unit}"] if unit else []), *facts]).replace("%", "%%")
    return f"{sentence} ({detail})" if detail else sentence


def _limits(field: FieldInfo) -> list[str]:
    limits = []
    for constraint in field.metadata:
        if isinstance(constraint, Ge):
            limits.append(f"at least {constraint.ge}")
        elif isinstance(constraint, Gt):
            limits.append(f"more than {constraint.gt}")
        elif isinstance(constraint, Le):
            limits.append(f"at most {constraint.le}")
        elif isinstance(constraint, Lt):
            limits.append(f"less than {constraint.lt}")
    return limits


def _metavar(field: FieldInfo) -> str:
    unit = _extra(field).get("unit")
    if unit and len(unit) <= 8 and " " not in unit:
        return unit.upper() if unit.isascii() and len(unit) > 2 else unit
    kinds = _kinds(field)
    if kinds & {int, float}:
        return "N" if float not in kinds else "X"
    return "TEXT" if str in kinds else "VALUE"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _kinds(field: FieldInfo) -> set[Any]:
    annotation = field.annotation
    parts = get_args(annotation) if get_origin(annotation) not in (None, tuple, list, dict, Literal) else (annotation,)
    return {get_origin(part) or part for part in parts}


def _choices(field: FieldInfo) -> tuple[Any, ...]:
    annotations = [field.annotation, *get_args(field.annotation)]
    return next((get_args(part) for part in annotations if get_origin(part) is Literal), ())


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
