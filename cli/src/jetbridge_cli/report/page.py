"""Makes the report's page from its template."""

from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from jetbridge_cli.report.bars import timeline_of
from jetbridge_cli.report.data import Report
from jetbridge_cli.writing import duration, moment, one_line


def page_of(report: Report) -> str:
    """One HTML file that loads no script, font or picture.

    All text from outside is escaped. Control characters become spaces, including those that change
    the text direction.
    """
    template = _ENVIRONMENT.get_template("page.html.j2")
    return template.render(
        report=report,
        timeline=timeline_of(report.lines, report.since, report.until),
        most=max((bucket.total for bucket in report.throughput), default=0),
        most_cost=max((each.total for each in report.costs.values()), default=0.0),
        most_cause=max((each.runs + each.launches for each in report.causes), default=0),
    )


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 60 else duration(value)


def _tick(value: float) -> str:
    return datetime.fromtimestamp(value, UTC).strftime("%d %b %H:%M:%S")


_ENVIRONMENT = Environment(
    loader=PackageLoader("jetbridge_cli.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    one_line=one_line, moment=moment, duration=duration, seconds=_seconds, tick=_tick
)
