"""The measured comparison with the stock operators: a table, and a plot of it.

docs/figures/feed.json is the last line of ``make bench ONLY=feed``, as it was printed.
"""

import json
from collections.abc import Mapping

from documentation.pages import DOCS, ROOT
from documentation.reference.markdown import table

_TASKS = 1000
_ROWS: Mapping[str, tuple[str, str]] = {
    "cpu_percent": ("the triggerer's CPU, % of one processor", "{:.1f}"),
    "calls_per_minute": ("calls to AWS a minute", "{:,.0f}"),
    "rss_mb_per_task": ("the triggerer's memory, MB for each task", "{:.3f}"),
}
_BEGIN = "<!-- measured: make docs-tables -->"
_END = "<!-- end of measured -->"
_LIGHT, _DARK = "#c8ccd0", "#2f6fde"


def readme() -> str:
    return _with_table((ROOT / "README.md").read_text())


def feed_page() -> str:
    return _with_table((DOCS / "explanation" / "feed.md").read_text())


def _with_table(text: str) -> str:
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    figures = _figures()
    rows = [
        (name, *(shown.format(figures[f"{side}_{_TASKS}_{key}"]) for side in ("ours", "stock")))
        for key, (name, shown) in _ROWS.items()
    ]
    heading = (f"{_TASKS:,} waiting tasks, one triggerer", "Jetbridge", "stock, deferrable")
    return f"{before}{_BEGIN}\n{table(heading, rows)}\n{_END}{after}"


def _figures() -> dict[str, float]:
    recorded = json.loads((DOCS / "figures" / "feed.json").read_text())
    figures: dict[str, float] = recorded["figures"]
    return figures


def plot() -> str:
    """An SVG with a bar for each side: processor on the left, calls on the right."""
    figures = _figures()
    panels = [
        ("% of one processor", "cpu_percent", "{:.1f} %"),
        ("calls to AWS a minute", "calls_per_minute", "{:,.0f}"),
    ]
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 170" role="img" '
        'font-family="system-ui, sans-serif" font-size="14">',
        f"<title>{_TASKS:,} waiting tasks in one triggerer, Jetbridge beside the stock "
        "deferrable operator</title>",
        '<rect width="760" height="170" fill="#ffffff"/>',
    ]
    for number, (title, key, shown) in enumerate(panels):
        left = 20 + 380 * number
        ours, stock = figures[f"ours_{_TASKS}_{key}"], figures[f"stock_{_TASKS}_{key}"]
        parts.append(f'<text x="{left}" y="30" font-weight="600">{title}</text>')
        for row, (name, value, colour) in enumerate(
            (("Jetbridge", ours, _DARK), ("stock", stock, _LIGHT))
        ):
            top, width = 48 + 50 * row, max(2.0, 180 * value / max(ours, stock))
            parts.append(f'<text x="{left}" y="{top + 22}">{name}</text>')
            parts.append(
                f'<rect x="{left + 80}" y="{top}" width="{width:.1f}" height="32" fill="{colour}"/>'
            )
            label = shown.format(value)
            parts.append(f'<text x="{left + 88 + width:.1f}" y="{top + 22}">{label}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)
