"""The look that figures share."""

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures.style import PALETTE, decimated, individual_colours, styled


def test_an_animal_keeps_its_colour_whatever_the_order() -> None:
    one, other = individual_colours(["2", "10", "1"]), individual_colours(["1", "2", "10", "2"])
    assert one == other == {"1": PALETTE[0], "2": PALETTE[1], "10": PALETTE[2]}
    assert len(set(PALETTE)) == len(PALETTE)


def test_every_extreme_and_every_gap_is_kept() -> None:
    x = np.arange(200_000, dtype=float)
    y = np.sin(x / 5000)
    y[[12_345, 150_001]] = 9, -7
    y[60_000:60_500] = np.nan
    kept_x, kept_y, note = decimated(x, y, 2000)
    assert len(kept_x) == len(kept_y) <= 2010
    assert {9, -7} <= set(kept_y[np.isfinite(kept_y)].tolist())
    assert np.nanmax(kept_y) == 9
    assert {59_999, 60_000, 60_499, 60_500} <= set(kept_x.tolist())
    assert np.isnan(kept_y[(kept_x >= 60_000) & (kept_x < 60_500)]).all()
    assert note == f"Showing {len(kept_x):,} of 200,000 points, every extreme kept."


def test_a_short_curve_is_left_as_it_is() -> None:
    x = np.arange(10.0)
    kept_x, kept_y, note = decimated(x, x * 2)
    assert (kept_x.tolist(), kept_y.tolist(), note) == (x.tolist(), (x * 2).tolist(), "")
    assert len(decimated(np.arange(9000.0), np.full(9000, np.nan))[0]) < 9000


@pytest.mark.parametrize(("theme", "ink"), [("light", "#1f2933"), ("dark", "#d5dbe1")])
def test_figures_take_the_theme(theme, ink: str) -> None:
    assert styled(go.Figure(), theme).layout.template.layout.font.color == ink
