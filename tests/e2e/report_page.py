"""Writes the report's page of made-up runs with hostile names; run by the command's environment.

Usage: report_page.py FOLDER-OF-operated.py FILE
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from msgspec.structs import replace
from operated import CLUSTER_TASK, NOW, airflow, failed, outcome_of, run_of, schedule

from jetbridge.contract import Cause, Death, Usage
from jetbridge.runs.run import Status
from jetbridge_cli.operate.record import Record
from jetbridge_cli.report.data import report_of
from jetbridge_cli.report.page import page_of

HOSTILE = (
    "<script>document.body.dataset.hit = 1</script>",
    "<img src=https://example.org/x.png onerror='document.body.dataset.hit = 1'>",
    "a_very_long_dag_id_" + "x" * 400,
    "\u202egnorw_ton\u202c \u0645\u0628\u064a\u0639\u0627\u062a",
    "sales",
)
USAGE = Usage(
    launch_type="FARGATE", vcpu=1, memory_mib=4096, seconds=900, architecture="arm64", spot=True
)


def records() -> list[Record]:
    found = []
    for number in range(40):
        dag = HOSTILE[number % len(HOSTILE)]
        base = run_of(str(number), schedule("nightly") if number % 7 == 6 else airflow(dag))
        at = NOW - 60 * number
        death = Death(
            launch=1, cause=Cause.HOST_LOSS, reason=dag, backend_id=CLUSTER_TASK, at=at + 20
        )
        deaths = [death] if number % 5 == 1 else []
        row = replace(
            base,
            created_at=at,
            status=Status.ENDED,
            launch=1 + len(deaths),
            deaths=deaths,
            launched_at=at + 25,
            ended_at=at + 300,
        )
        outcome = outcome_of(
            row,
            at=at + 301 - NOW,
            launches=1 + len(deaths),
            deaths=deaths,
            usage=USAGE,
            reason=dag,
            started_at=iso(at + 45),
            stopped_at=iso(at + 298),
        )
        outcome = failed(outcome) if number % 4 == 3 else outcome
        found.append(Record(run_id=row.run_id, row=row, outcome=outcome))
    going_on = replace(run_of("going", airflow()), created_at=NOW - 50, status=Status.LAUNCHED)
    found.append(Record(run_id=going_on.run_id, row=going_on))
    return found


def iso(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()


report = report_of(
    records(), stack="jetbridge", region="eu-west-1", since=NOW - 86_400, until=NOW, limit=300
)
Path(sys.argv[2]).write_text(page_of(report), encoding="utf-8")
