"""AG Grid in the dashboard's look."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag

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
