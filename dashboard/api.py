"""What a page is made of: the contract between the dashboard and its pages, those of plugins included.

A page is a module with ``PAGE = Page(…)``. Core pages are named in :mod:`dashboard.pages`; a plugin names its page in
``Plugin(page="module:PAGE")``. How pages are written:

**Layout** is a plain function ``layout(services, view)``, called whenever the URL names another page, experiment or
recording, and on a change of theme. It is built of the blocks below: :func:`page_header` (title, one sentence of state,
one primary action), then the picture that lets a person judge, then :func:`numbers`, then tables, each in a
:func:`panel`. `Page.needs` says what must be chosen; the shell shows the rest (no experiment, broken file, no
recording). Where a result is missing, return ``missing_result(services, view, "segment", shows="…")``: it says what the
page will show, what it needs, and has the button for it; while the job runs it shows its progress, and after a failure
the sentence, the log and retry.

**Ids** start with the page's name: ``tracks-image``. **Callbacks** are added in ``register(app, services)`` with
``@app.callback`` (never module-level); they parse, call one plain function, return. Components of a page exist only
while it is shown, so callbacks of a page have inputs of this page only, plus the shell's:

- ``VIEW`` (a State): ``services.view(data)`` gives the :class:`View`, always as the URL is now.
- ``REVISION`` (an Input): fires when any job changes; return ``no_update`` when nothing of this page changed. A page
  that is drawn whole from one result uses :func:`followed` in its layout and :func:`follow` in `register` instead.
- ``QUERY`` (an Output): the page tells what it shows, ``{"frame": 120, "camera": None}``; it lands in the URL without
  drawing the page again (None removes a key). The rail's links carry the query along, so use the common names:
  ``frame`` (recording frame), ``camera``, ``individuals`` (comma separated), ``window`` (``12.5,80`` in s), ``zones``.
- ``NAVIGATE`` (an Output): a URL to go to, made by ``view.link("3d", frame=120)``. Links are `dcc.Link`s.
- ``TOASTS`` (an Output): ``[toast("…")]``.

The last three are shared by all pages, so their callbacks say ``prevent_initial_call=True``. Any :class:`SkeinError`
raised in a callback becomes a toast; any other exception too, with its traceback in the log only.

**Jobs.** ``run_button("segment", view, label)`` opens the form of a job for the chosen recording (or queues it at once
with ``ask=False``); ``log_button(id)``, ``cancel_button(id)``, ``retry_button(id)`` work on every page without own
callbacks. ``services.state(view, "segment")`` is the :class:`Status` of a stage.

**Figures** are plain functions ``data → go.Figure``; ``styled(figure, view.theme)`` gives them the theme,
``graph(id, figure, name)`` shows them, ``individual_colours(all_individuals)`` gives an animal its colour on every
page, ``decimated(x, y)`` thins a curve and says so.

**Tables**: ``grid(id, columns, rowData=…)`` is AG Grid in our look, ``number_column("speed", "Speed", "m/s", 2)`` a
column of it; a table of thousands has ``rowModelType="infinite"`` and answers ``getRowsRequest`` (see the pages Jobs
and Overview). **Forms** are ``parameter_form(model, values, form)`` from a pydantic class.

**Media.** ``frame_url(view, camera, frame, width=…)`` is a JPEG of a recording frame, ``video_url(view, camera)`` its
browser proxy (byte ranges; the job ``proxy`` makes it), ``view_url(view, picture)`` a picture of a calibration.

**Keys**: give a button ``**{"data-key": "ArrowRight"}`` and the shell presses it when that key is pressed outside a
text field (``Space``, ``Ctrl+z`` …); list the keys in ``Page.keys``, which ``?`` shows. **Icons** are ``icon(name)``
from `assets/icons.svg`. Styles of a page go into ``assets/40-<page>.css``, on the variables of ``10-frame.css``.
"""

from typing import TYPE_CHECKING

from dashboard.components.actions import cancel_button, log_button, missing_result, retry_button, run_button
from dashboard.components.blocks import (
    download_button,
    empty_state,
    error_state,
    icon_button,
    link_button,
    number,
    numbers,
    page_header,
    panel,
    primary,
    secondary,
    term,
    toast,
    warning_list,
)
from dashboard.components.following import follow, followed
from dashboard.components.forms import field_problems, form_values, parameter_form
from dashboard.components.grid import grid, number_column, refresh_on, restart_on
from dashboard.components.icons import icon
from dashboard.components.media import frame_url, video_url, view_url
from dashboard.components.states import Status, duration, state_badge, state_icon, state_words
from dashboard.figures.style import (
    DIVERGING,
    PALETTE,
    SEQUENTIAL,
    decimated,
    graph,
    individual_colours,
    styled,
    template,
    zone_colours,
)
from dashboard.page import Page, Place, Theme, View
from dashboard.shell.wires import NAVIGATE, QUERY, REVISION, TOASTS, VIEW

if TYPE_CHECKING:
    from dashboard.services import Services as Services

__all__ = [
    "DIVERGING",
    "NAVIGATE",
    "PALETTE",
    "QUERY",
    "REVISION",
    "SEQUENTIAL",
    "TOASTS",
    "VIEW",
    "Page",
    "Place",
    "Status",
    "Theme",
    "View",
    "cancel_button",
    "decimated",
    "download_button",
    "duration",
    "empty_state",
    "error_state",
    "field_problems",
    "follow",
    "followed",
    "form_values",
    "frame_url",
    "graph",
    "grid",
    "icon",
    "icon_button",
    "individual_colours",
    "link_button",
    "log_button",
    "missing_result",
    "number",
    "number_column",
    "numbers",
    "page_header",
    "panel",
    "parameter_form",
    "primary",
    "refresh_on",
    "restart_on",
    "retry_button",
    "run_button",
    "secondary",
    "state_badge",
    "state_icon",
    "state_words",
    "styled",
    "template",
    "term",
    "toast",
    "video_url",
    "view_url",
    "warning_list",
    "zone_colours",
]
