"""Icons of `assets/icons.svg`, drawn in the colour of the text around them."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dash import html

_SVG = "{http://www.w3.org/2000/svg}"


def icon(name: str, size: int = 18, label: str | None = None) -> html.Span:
    """An icon by name, e.g. ``done``; `label` is read out where no word stands beside it."""
    aria: dict[str, Any] = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return html.Span(className=f"icon icon-{name}", style={"width": size, "height": size}, **aria)


def icon_styles(sprite: Path) -> str:
    """A style sheet with one class per icon.

    Dash has no SVG elements, and an `<img>` cannot take the colour of the text; a CSS mask can.
    """
    ElementTree.register_namespace("", _SVG[1:-1])
    rules = []
    for symbol in ElementTree.parse(sprite).getroot().iter(f"{_SVG}symbol"):
        inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in symbol)
        picture = (
            f'<svg xmlns="{_SVG[1:-1]}" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{inner}</svg>'
        )
        source = f'url("data:image/svg+xml,{quote(picture)}")'
        rules.append(f".icon-{symbol.get('id')}{{-webkit-mask-image:{source};mask-image:{source}}}")
    return "\n".join(rules)
