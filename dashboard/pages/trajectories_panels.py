"""Sentence, numbers and table of the page 3D."""

import math
from typing import Any

from dash.development.base_component import Component

from dashboard.api import duration, grid, number, number_column, numbers
from dashboard.pages.trajectories_queries import Summary

_REPROJECTION = "Distance between where an animal was seen in an image and where its 3D position projects to."
_SD = "Standard deviation of a position: how uncertain it is, from the errors in the images and the cameras' geometry."
_LOST = "Frames in which an animal has no position: before its first and after its last sight, and in longer gaps."
_INTERPOLATED = "Short gaps filled from the positions before and after; flagged in every table."


def shares(found: Summary, frames: int | None, animals: int | None = None) -> dict[str, float] | None:
    """Shares of observed, interpolated and lost animal-frames; None where the recording's length is not known.

    Parameters
    ----------
    frames
        Of the recording.
    animals
        How many there are; default, and at least, as many as were found.
    """
    if not frames:
        return None
    total = frames * max(len(found.animals), animals or 0)
    observed, interpolated = float(found.animals["observed"].sum()), float(found.animals["interpolated"].sum())
    return {
        "observed": observed / total,
        "interpolated": interpolated / total,
        "lost": max(0.0, 1 - (observed + interpolated) / total),
    }


def percent(share: float) -> str:
    """As people read it: never 100 % where something is missing, never 0 % where something is there."""
    if 0 < share < 0.0005:
        return "< 0.1"
    if 0.9995 < share < 1:
        return "> 99.9"
    return f"{100 * share:.3g}" if share in (0, 1) else f"{100 * share:.1f}"


def sentence(found: Summary, frames: int | None, expected: int | None) -> str:
    """The state in plain words."""
    count = len(found.animals)
    who = f"{count} {'animal' if count == 1 else 'animals'}"
    if expected is not None and expected != count:
        who += f" of {expected} expected"
    parts = [f"{who} over {duration(found.end_s)}"]
    share = shares(found, frames, expected)
    if share:
        parts.append(f"{percent(share['observed'])} % observed, {percent(share['lost'])} % lost")
    if math.isfinite(found.sd):
        parts.append(f"positions are known to {length(found.sd, found.unit)}")
    return "; ".join(parts) + "."


def length(value: float, unit: str) -> str:
    """A small length with its unit."""
    return f"{1000 * value:.1f} mm" if unit == "m" else f"{value:.1f} {unit}"


def measures(found: Summary, frames: int | None, expected: int | None) -> Component:
    """The row of numbers."""
    share = {name: percent(value) for name, value in (shares(found, frames, expected) or {}).items()}
    waiting = "length not known"
    count = len(found.animals)
    sd = length(found.sd, found.unit).split(" ") if math.isfinite(found.sd) else []
    known = math.isfinite(found.reprojection_px)
    items = [
        number(
            "Animals", f"{count}", threshold=f"{expected} expected" if expected else "number not given",
            verdict=None if not expected else "done" if count == expected else "stale",
        ),
        number("Observed", share.get("observed"), "%", missing=waiting),
        number("Interpolated", share.get("interpolated"), "%", "", None, _INTERPOLATED, waiting),
        number("Lost", share.get("lost"), "%", "", None, _LOST, waiting),
        number(
            "Reprojection error", f"{found.reprojection_px:.2f}" if known else None, "px",
            "median" if known else "", None,
            _REPROJECTION, "seen by one camera: nothing to compare",
        ),
        number("Uncertainty", sd[0] if sd else None, sd[-1] if sd else "", "median", None, _SD, "not known"),
    ]  # fmt: skip
    return numbers(items)


def animals_table(found: Summary, frames: int | None) -> Component:
    """One row per animal."""
    rows: list[dict[str, Any]] = []
    scale = 1000.0 if found.unit == "m" else 1.0
    for name, row in found.animals.iterrows():
        lost = 1 - (row["observed"] + row["interpolated"]) / frames if frames else None
        rows.append(
            {
                "individual": str(name),
                "first": row["first_s"],
                "last": row["last_s"],
                "observed": row["observed"] / frames * 100 if frames else None,
                "interpolated": row["interpolated"] / frames * 100 if frames else None,
                "lost": 100 * max(0.0, lost) if lost is not None else None,
                "reprojection": _known(row["reprojection_px"]),
                "sd": _known(row["sd"] * scale),
            }
        )
    columns = [
        {"field": "individual", "headerName": "Animal", "pinned": "left", "width": 110},
        number_column("first", "First seen", "s", 2),
        number_column("last", "Last seen", "s", 2),
        number_column("observed", "Observed", "%", 1),
        number_column("interpolated", "Interpolated", "%", 1),
        number_column("lost", "Lost", "%", 1),
        number_column("reprojection", "Reprojection", "px", 2),
        number_column("sd", "Uncertainty", "mm" if found.unit == "m" else found.unit, 1),
    ]
    height = f"{min(420, 60 + 42 * len(rows))}px"
    return grid("trajectories-animals", columns, height, rowData=rows, columnSize="responsiveSizeToFit")


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
