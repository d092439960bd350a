"""The measured comparison with the stock operator: two tables, and a plot.

docs/figures/mapped.json has figures as ``make bench ONLY=mapped`` printed them: ``figures`` of many
tasks while they wait, ``equal`` of a run with as many tasks on either side.
"""

import json
from collections.abc import Callable, Mapping

from documentation.pages import DOCS, ROOT
from documentation.reference.markdown import table

_ROWS: Mapping[str, tuple[str, str]] = {
    "triggerer_cpu_percent_waiting": ("CPU of Airflow's triggerers, % of one processor", "{:.1f}"),
    "aws_calls_a_minute": ("calls to AWS a minute", "{:,.0f}"),
    "rss_mb_per_task": ("memory of the triggerers, MB for each task", "{:.3f}"),
}
_EQUAL_ROWS: Mapping[str, tuple[str, str]] = {
    "airflow_cpu_s_per_task": ("CPU of Airflow from start to last end, s a task", "{:.2f}"),
    "worker_cpu_s_per_task": ("of that by tasks' processes and their supervisors", "{:.2f}"),
    "burst_airflow_cpu_s_per_task": (
        "CPU of Airflow from the containers' end on, s a task",
        "{:.2f}",
    ),
    "burst_worker_cpu_s_per_task": ("of that by tasks' processes and their supervisors", "{:.2f}"),
    "cloud_cpu_s_per_task": ("CPU of the local cloud, s a task", "{:.2f}"),
    "worker_s_per_task": ("a worker held, s a task", "{:.1f}"),
    "burst_s_per_task": ("from the containers' end to the last task's, s a task", "{:.2f}"),
}
_EQUAL_BEGIN = "<!-- equal counts: make docs-tables -->"
_EQUAL_END = "<!-- end of equal counts -->"
_BEGIN = "<!-- measured: make docs-tables -->"
_END = "<!-- end of measured -->"
_OURS, _STOCK = "#2f6fde", "#c8ccd0"


def readme() -> str:
    """README.md with the table as the figures are."""
    return between((ROOT / "README.md").read_text(), _BEGIN, _END, _table())


def feed_page() -> str:
    """docs/explanation/feed.md with what a task takes of Airflow, as many on either side."""
    text = (DOCS / "explanation" / "feed.md").read_text()
    value = _figures("equal")
    rows = [
        (name, shown.format(value(key)), shown.format(value(f"stock_{key}")))
        for key, (name, shown) in _EQUAL_ROWS.items()
    ]
    sides = f"ours, {value('tasks'):.0f}", f"stock, {value('stock_tasks'):.0f}"
    return between(text, _EQUAL_BEGIN, _EQUAL_END, table(("", *sides), rows))


def between(text: str, begin: str, end: str, new: str) -> str:
    """The text with what stands between two marks replaced.

    Raises:
        ValueError: a mark is missing.
    """
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"there is no place between {begin} and {end}")
    return f"{before}{begin}\n{new}\n{end}{after}"


def _table() -> str:
    value = _figures()
    rows = [
        (name, shown.format(value(key)), shown.format(value(f"stock_{key}")))
        for key, (name, shown) in _ROWS.items()
    ]
    tasks, stock = value("tasks"), value("stock_tasks")
    return table(
        ("while tasks wait", f"Jetbridge, {tasks:,.0f} tasks", f"stock, {stock:,.0f} tasks"), rows
    )


def _figures(run: str = "figures") -> Callable[[str], float]:
    recorded = json.loads((DOCS / "figures" / "mapped.json").read_text())
    return lambda name: float(recorded[run][name])


def plot() -> str:
    """An SVG with a bar for each side: processor on the left, calls on the right."""
    value = _figures()
    panels = [
        ("% of one processor", "triggerer_cpu_percent_waiting", "{:.1f}"),
        ("calls to AWS a minute", "aws_calls_a_minute", "{:,.0f}"),
    ]
    sides = [
        (f"Jetbridge, {value('tasks'):,.0f} tasks", "", _OURS),
        (f"stock, {value('stock_tasks'):,.0f} tasks", "stock_", _STOCK),
    ]
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 160" role="img" '
        'font-family="system-ui, sans-serif" font-size="14">',
        "<title>Processor and AWS calls while Airflow tasks wait, Jetbridge beside the stock "
        "deferrable operator</title>",
        '<rect width="820" height="160" fill="#ffffff"/>',
    ]
    for number, (title, key, shown) in enumerate(panels):
        left = 20 + 410 * number
        most = max(value(prefix + key) for _, prefix, _ in sides)
        parts.append(f'<text x="{left}" y="28" font-weight="600">{title}</text>')
        for row, (name, prefix, colour) in enumerate(sides):
            top, width = 44 + 50 * row, 145 * value(prefix + key) / most
            bar = f'x="{left + 168}" y="{top}" width="{width:.1f}" height="32"'
            parts.append(f'<text x="{left}" y="{top + 21}">{name}</text>')
            parts.append(f'<rect {bar} fill="{colour}"/>')
            label = shown.format(value(prefix + key))
            parts.append(f'<text x="{left + 176 + width:.1f}" y="{top + 21}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])
