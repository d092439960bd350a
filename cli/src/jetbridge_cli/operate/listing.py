"""Lists the runs that a filter selects, page by page."""

from dataclasses import dataclass, field
from enum import StrEnum

from jetbridge_cli.operate.filters import Filter
from jetbridge_cli.operate.record import Record
from jetbridge_cli.operate.tables import Cursor, Tables


class Sort(StrEnum):
    """``newest`` and ``oldest`` sort by the time when a run ended, ``longest`` by how long it
    ran."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST = "longest"


@dataclass
class Page:
    """Attributes:
    unfinished: runs in progress, only on the first page.
    left_out: how many more runs are in progress.
    finished: ended runs.
    next: where the next page begins. None if there is none.
    """

    unfinished: list[Record] = field(default_factory=list)
    left_out: int = 0
    finished: list[Record] = field(default_factory=list)
    next: Cursor | None = None

    @property
    def records(self) -> list[Record]:
        return self.unfinished + self.finished


def page_of(
    tables: Tables,
    wanted: Filter,
    limit: int,
    sort: Sort = Sort.NEWEST,
    behind: Cursor | None = None,
) -> Page:
    """Up to ``limit`` runs in progress, and up to ``limit`` ended runs.

    ``longest`` reads the filter's whole period. The others read only what the page needs.
    """
    page = Page()
    if wanted.unfinished and behind is None:
        going_on = [each for each in tables.unfinished() if wanted(each)]
        going_on.sort(key=_accepted_at, reverse=sort is Sort.NEWEST)
        page.unfinished, page.left_out = going_on[:limit], max(0, len(going_on) - limit)
    if not wanted.finished:
        return page
    shown = {each.run_id for each in page.unfinished}
    finished = (
        (cursor, record)
        for cursor, record in tables.finished(
            wanted.since, wanted.until, oldest_first=sort is Sort.OLDEST, behind=behind
        )
        if wanted(record) and record.run_id not in shown
    )
    if sort is Sort.LONGEST:
        records = [record for _, record in finished]
        records.sort(key=lambda record: record.seconds or 0, reverse=True)
        page.finished = records[:limit]
        return page
    last: Cursor | None = None
    for cursor, record in finished:
        if len(page.finished) == limit:
            page.next = last
            break
        page.finished.append(record)
        last = cursor
    return page


def _accepted_at(record: Record) -> float:
    return record.row.created_at if record.row else 0
