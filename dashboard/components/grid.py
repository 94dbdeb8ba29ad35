"""AG Grid in the dashboard's look."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
from dash import Dash, Input, Output

# The parameters are CSS variables of assets/10-frame.css, so that a grid follows the theme by itself.
_THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--card)', foregroundColor: 'var(--ink)', borderColor: 'var(--line)',"
    " headerBackgroundColor: 'var(--card)', headerTextColor: 'var(--ink-dim)', rowHoverColor: 'var(--hover)',"
    " selectedRowBackgroundColor: 'var(--accent-soft)', accentColor: 'var(--accent)',"
    " chromeBackgroundColor: 'var(--card)', fontFamily: 'inherit', fontSize: 14, headerFontWeight: 600,"
    " wrapperBorderRadius: 4, spacing: 6})"
)


def grid(id: Any, columns: Sequence[dict[str, Any]], height: str = "60vh", **properties: Any) -> dag.AgGrid:
    """A table that sorts, filters and scrolls.

    Parameters
    ----------
    columns
        Column definitions of AG Grid. ``"cellRenderer": "SkeinState"`` shows a state with icon and word,
        ``"SkeinProgress"`` a fraction (0 to 1) as a bar.
    properties
        Further properties of `dash_ag_grid.AgGrid`: ``rowData`` for small tables, ``rowModelType="infinite"`` with a
        callback from ``getRowsRequest`` to ``getRowsResponse`` for long ones.
    """
    options = {"theme": {"function": _THEME}, "suppressCellFocus": False, **properties.pop("dashGridOptions", {})}
    return dag.AgGrid(
        id=id,
        columnDefs=list(columns),
        defaultColDef={"sortable": True, "resizable": True, **properties.pop("defaultColDef", {})},
        dashGridOptions=options,
        style={"height": height, **properties.pop("style", {})},
        **properties,
    )


def refresh_on(app: Dash, id: str, trigger: Input) -> None:
    """Let a grid with ``rowModelType="infinite"`` ask again for the rows in view; scroll and selection stay."""
    app.clientside_callback(
        f"() => window.dash_clientside.grids.refresh('{id}')",
        Output(id, "className", allow_duplicate=True),
        trigger,
        prevent_initial_call=True,
    )


def restart_on(app: Dash, id: str, *triggers: Input) -> None:
    """Let such a grid begin at the top, because other rows are wanted."""
    app.clientside_callback(
        f"() => window.dash_clientside.grids.restart('{id}')",
        Output(id, "className", allow_duplicate=True),
        *triggers,
        prevent_initial_call=True,
    )


def number_column(field: str, title: str, unit: str = "", digits: int = 1, **properties: Any) -> dict[str, Any]:
    """A column of numbers, right-aligned, with so many decimals."""
    shown = f"params.value == null ? '–' : d3.format(',.{digits}f')(params.value)"
    return {
        "field": field,
        "headerName": f"{title}, {unit}" if unit else title,
        "type": "rightAligned",
        "valueFormatter": {"function": shown},
        **properties,
    }
