"""What is wrong in a hand-written file or form, in the words of the person who wrote it."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from pipeline.errors import InvalidExperiment
from pipeline.types.configuration import NAME, Configuration

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_ORDINARY = {
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a finite number",
    "bool": "true or false",
    "string": "a text in quotes",
    "list": "a list in [ ]",
    "tuple": "a list in [ ]",
    "dict": "names and values in { }",
    "model": "a table of keys and values",
    "datetime": "a date and time like 2024-05-17T09:30:00",
}
_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_TABLES = ("camera", "zone", "recording")


def explain(error: ValidationError, where: str, data: Any = None, model: type[BaseModel] | None = None) -> list[str]:
    """One line per problem: file, key (entries by their name), what was expected, what came.

    Parameters
    ----------
    where
        The file, table or form.
    data
        The values as they were given.
    model
        What they were checked against: with it, unknown keys are answered with those that are known.
    """
    lines: list[str] = []
    for problem in error.errors(include_url=False):
        location: tuple[int | str, ...] = problem["loc"]
        message = expectation(problem)
        if problem["type"] == "extra_forbidden":
            message = _unknown(location, model)
        elif problem["type"] == "missing":
            if isinstance(location[-1], int):  # of a list: the list is what is wrong
                location, message = location[:-1], f"{message}, got {_short(problem['input'])}"
        elif problem["type"] != "value_error":
            message = f"{message}, got {_short(problem['input'])}"
        lines.extend(": ".join(filter(None, (where, _key(location, data), line))) for line in message.splitlines())
    return list(dict.fromkeys(lines))


def expectation(problem: "ErrorDetails") -> str:
    """What one value should have been."""
    kind, context, location = problem["type"], problem.get("ctx", {}), problem["loc"]
    for limit, words in _LIMITS.items():
        if limit in context:
            return f"expected {words} {context[limit]:g}"
    if kind == "missing":
        inside_list = bool(location) and isinstance(location[-1], int)
        return "expected more values in the list" if inside_list else "this key is required and missing"
    if kind == "literal_error":
        return f"expected {context['expected']}"
    if kind == "string_pattern_mismatch" and context["pattern"] == NAME:
        return "expected letters, digits, '_', '-' and '.' only, beginning with a letter or digit"
    if kind == "list_type" and len(location) == 1 and location[0] in _TABLES:
        return f"expected [[{location[0]}]], in double brackets, above the keys of each"
    for limit, words in (("min_length", "at least"), ("max_length", "at most")):
        if limit in context:
            number, what = context[limit], "character" if kind.startswith("string") else "value"
            return f"expected {words} {number} {what}{'s' if number != 1 else ''}"
    ordinary = next((words for base, words in _ORDINARY.items() if kind == base or kind.startswith(f"{base}_")), "")
    message = problem["msg"].removeprefix("Value error, ")
    return f"expected {ordinary}" if ordinary else message


def readable(text: bytes, file: str) -> str:
    """The text of a hand-written file; the mark that some editors put before it is taken away.

    Raises
    ------
    InvalidExperiment
        If it is not UTF-8, with the line.
    """
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise InvalidExperiment(
            [f"{file}: line {line}: expected a text in UTF-8, got something else; have your editor save it as UTF-8"]
        ) from error


def _unknown(location: tuple[int | str, ...], model: type[BaseModel] | None) -> str:
    """What to do about a key that is not known."""
    owner = None if model is None else _model_at(model, location[:-1])
    if owner is None:
        return "this key is not known; check its spelling or remove it"
    known = list(owner.model_fields)
    near = get_close_matches(str(location[-1]), known, 1)
    if near:
        return f"this key is not known; did you mean {near[0]}?"
    if model is Configuration and location[-1] in Configuration.model_fields:
        return "this key belongs to the experiment: it must stand above the first line in [brackets]"
    return f"this key is not known; there are {', '.join(known)}"


def _model_at(model: type[BaseModel], location: Sequence[int | str]) -> type[BaseModel] | None:
    """The class of the table at a place in a file."""
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part) if current is not None else None
        current = next(_models(field.annotation), None) if field is not None else None
    return current


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _key(location: tuple[int | str, ...], data: Any) -> str:
    """`('recording', 2, 'videos')` → `recording 'trial_3' videos`."""
    words = []
    for part in location:
        child = None
        if isinstance(data, dict):
            child = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            child = data[part]
        data = child
        if isinstance(part, int):
            words.append(repr(child["name"]) if isinstance(child, dict) and "name" in child else f"#{part + 1}")
        else:
            words.append(part)
    return " ".join(words)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
