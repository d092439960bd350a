"""The panel as HTML. The page loads nothing, and runs only its own script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from airflow_provider_jetbridge.panel.texts import seconds_of
from airflow_provider_jetbridge.panel.tries import TaskTry
from airflow_provider_jetbridge.panel.view import View


def page(
    *,
    title: str,
    address_of: Callable[[int], str],
    tries: Sequence[TaskTry] = (),
    chosen: TaskTry | None = None,
    view: View | None = None,
    notice: str = "",
    links: Mapping[str, str] | None = None,
) -> str:
    """The page. Every text in it is escaped."""
    return _template().render(
        title=title,
        address_of=address_of,
        tries=tries,
        chosen=chosen,
        view=view,
        notice=notice,
        links=links if links is not None else (view.links if view else {}),
        seconds_of=seconds_of,
        css=Markup(_text("page.css")),  # nosec B704 # a file of this package
        script=Markup(_text("page.js")),  # nosec B704 # a file of this package
    )


@cache
def headers() -> dict[str, str]:
    """Headers that tell the browser to show the page only inside Airflow's own pages, to use only
    this style and this script, and to keep no copy."""
    return {
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'none'",
                f"style-src '{_hash('page.css')}'",
                f"script-src '{_hash('page.js')}'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'self'",
            )
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("airflow_provider_jetbridge", "panel"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


@cache
def _text(name: str) -> str:
    return files("airflow_provider_jetbridge.panel").joinpath(name).read_text("utf-8")


def _hash(name: str) -> str:
    digest = hashlib.sha256(_text(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
