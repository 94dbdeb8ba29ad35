"""The parts of the Zones page."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.api import View, graph, grid, number, number_column, numbers, panel, styled
from plugins.zones import figures, queries
from plugins.zones.job import ZoneParameters
from plugins.zones.queries import Results
from plugins.zones.tables import LOST

_TABLES = {
    "zones": "Per animal and zone",
    "visits": "Visits",
    "counts": "Animals per zone",
    "transitions": "Transitions",
}
_DIGITS = {"s": 2, "%": 1, "m": 3, "px": 1, "m/s": 3, "px/s": 1, "animals": 2}


def summary(found: Results) -> Component:
    """The numbers at the top."""
    totals, animals = found.totals, len(found.individuals)
    lost = totals.xs(LOST, level="zone")["time_s"]
    tracked = 100 * (1 - lost.sum() / (animals * found.recording_s))
    worst = lost.idxmax()
    zones = [zone.name for zone in found.shapes]
    visits = int(totals.loc[totals.index.get_level_values("zone").isin(zones), "visits"].sum())
    return numbers(
        [
            number("Animals", str(animals)),
            number("Zones", str(len(zones))),
            number("Recording", f"{found.recording_s:,.1f}", "s"),
            number(
                "Tracked time", f"{tracked:.1f}", "%",
                explanation="Share of the recording in which the animals were seen, or not seen for so short a time "
                "that they keep their zone. The rest is lost: it belongs to no zone.",
            ),
            number("Most lost", f"{lost.max():.1f}", "s", f"animal {worst}" if lost.max() > 0 else "no animal"),
            number("Visits", f"{visits:,}", explanation="Uninterrupted stays in a zone, one at the start included."),
        ]
    )  # fmt: skip


def floor(view: View, found: Results) -> Component:
    """Zones with paths or time per place; its figure comes by a callback, because it reads the trajectories."""
    kinds = [{"value": "paths", "label": "Paths"}, {"value": "time", "label": "Time per place"}]
    chosen = [name for name in view.names("individuals") if name in found.individuals]
    return panel(
        [
            dmc.MultiSelect(
                id="zones-individuals", data=found.individuals, value=chosen, placeholder="All animals", clearable=True,
                searchable=True, **{"aria-label": "Animals"},
            ),
            graph("zones-floor", name="zones-floor-plan", style={"height": "430px"}),
            html.P(id="zones-floor-note", className="dim"),
        ],
        "Floor plan",
        [dmc.SegmentedControl(id="zones-floor-kind", data=kinds, value="paths", size="xs")],
    )  # fmt: skip


def shares(view: View, found: Results) -> Component:
    """Where each animal spent the recording."""
    figure = figures.time_shares(found.totals, found.individuals, found.places, found.recording_s)
    overlap = bool(found.totals["overlap_s"].any())
    note = "Zones overlap: time in two zones counts for both, so an animal's bars can add up to more than 100 %."
    row = 26 if not overlap else max(26, 9 * len(found.places))
    height = max(300, 110 + row * len(found.individuals))
    return panel(
        [
            graph("zones-shares", styled(figure, view.theme), "zones-time", style={"height": f"{height}px"}),
            html.P(note if overlap else "", className="dim"),
        ],
        "Where each animal was",
    )


def animals(view: View, found: Results) -> Component:
    """How many animals are in each zone over time."""
    zones = [zone.name for zone in found.shapes]
    weighted = found.counts["mean"] * (found.counts["stop_s"] - found.counts["start_s"]) / found.recording_s
    means = {name: float(weighted[found.counts["zone"] == name].sum()) for name in zones}
    figure, note = figures.animals_over_time(found.visits, zones, means, found.recording_s)
    height = f"{90 + 74 * len(zones)}px"
    return panel(
        [
            graph("zones-animals", styled(figure, view.theme), "zones-animals", style={"height": height}),
            html.P(note, className="dim"),
        ],
        "Animals in each zone",
    )


def lengths(view: View, found: Results) -> Component:
    """How long visits were."""
    zones = [zone.name for zone in found.shapes]
    figure = figures.visit_lengths(found.visits, zones)
    open_visits = int(found.visits.loc[found.visits["zone"].isin(zones), "truncated"].sum())
    note = f"{open_visits} of them were still open when the recording ended." if open_visits else ""
    return panel(
        [
            graph("zones-lengths", styled(figure, view.theme), "zones-visits", style={"height": "360px"}),
            html.P(note, className="dim"),
        ],
        "Length of visits",
    )


def tables() -> Component:
    """The four tables, one at a time."""
    names = [{"value": name, "label": title} for name, title in _TABLES.items()]
    return panel(
        html.Div(id="zones-table"),
        "Tables",
        [dmc.SegmentedControl(id="zones-table-name", data=names, value="zones", size="xs")],
    )


def choices(found: Results) -> Component:
    """Every parameter that shaped the numbers."""
    rows = []
    for name, field in ZoneParameters.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        value = found.parameters.get(name)
        unit = "" if value is None else str(extra.get("unit") or "").split(" (")[0]
        label = name.removesuffix("_s").replace("_", " ")
        label = f"{label}, in seconds" if name == "hold_gap_s" else label
        rows.append(html.Tr([html.Td(label), html.Td(f"{_shown(value)} {unit}"), html.Td(field.description)]))
    head = html.Thead(html.Tr([html.Th("Choice"), html.Th("Value"), html.Th("What it does")]))
    return panel(html.Table([head, html.Tbody(rows)], className="plain"), "Choices behind these numbers")


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}"


def table_grid(view: View, name: str) -> Component:
    """A table that asks for its rows block by block."""
    assert view.experiment is not None
    assert view.recording is not None
    schema = queries.columns_of(queries.table_path(view.experiment, view.recording, name))
    columns = []
    for field in schema:
        metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        unit, help_ = metadata.get("unit", ""), metadata.get("definition", "")
        title = field.name.removesuffix("_s" if unit == "s" else "_percent").replace("_", " ")
        common = {"headerTooltip": help_, "filterParams": {"maxNumConditions": 1}}
        if str(field.type) in {"double", "int64"}:
            digits = 0 if str(field.type) == "int64" else _DIGITS.get(unit, 2)
            shown = "" if unit in {"samples", "animals"} else unit
            columns.append(number_column(field.name, title, shown, digits, filter="agNumberColumnFilter", **common))
        elif str(field.type) == "bool":
            columns.append(
                {"field": field.name, "headerName": title, "filter": False, "cellDataType": "text", **common}
            )
        else:
            pinned = {"pinned": "left", "minWidth": 150} if field.name in {"individual", "zone"} else {}
            columns.append(
                {"field": field.name, "headerName": title, "filter": "agTextColumnFilter", **common, **pinned}
            )
    return grid(
        {"type": "zones-grid", "table": name},
        columns,
        "420px",
        rowModelType="infinite",
        columnSize="autoSize",
        dashGridOptions={"cacheBlockSize": 200, "tooltipShowDelay": 300},
    )
