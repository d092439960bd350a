"""The panel of a task instance's run; Airflow's users, its database and AWS are stand-ins."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.core_api import security
from botocore.exceptions import NoCredentialsError
from fake_aws import FakeDynamoDB, FakeLambda, client_error
from fastapi import HTTPException
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.panel import app as panel
from airflow_provider_jetbridge.panel.tries import Key, Known, TaskTry
from airflow_provider_jetbridge.panel.view import counts
from jetbridge.contract import (
    AirflowCaller,
    Cause,
    Death,
    Fault,
    Launched,
    Outcome,
    State,
    Usage,
    WatchAnswer,
    WatchedRun,
    encode,
    run_id_of,
    to_builtins,
)
from jetbridge.contract import Waiting as Waits

BEGAN = 1_767_225_500.0
TI_ID = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11"
EARLIER = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b10"
KEY = Key(dag_id="dag", run_id="scheduled__2026-01-01T00:00:00+00:00", task_id="job")
TRIES = (
    TaskTry(ti_id=EARLIER, try_number=1, state="failed", started_at=BEGAN - 900),
    TaskTry(ti_id=TI_ID, try_number=2, state="deferred", started_at=BEGAN),
)
KNOWN = Known(
    key=KEY,
    tries=TRIES,
    fields={"jetbridge_stack": None, "aws_conn_id": "etl_aws", "region_name": "eu-central-1"},
    links={"ECS task": "https://console.aws.amazon.com/ecs", "Batch job": "javascript:alert(1)"},
)
ASKED: dict[str, Any] = {"dag_id": KEY.dag_id, "run_id": KEY.run_id, "task_id": KEY.task_id}
USAGE = Usage(launch_type="FARGATE", vcpu=1, memory_mib=2048, seconds=3600, architecture="x86_64")
ARN = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"


def run_id(ti_id: str = TI_ID, try_number: int = 2) -> str:
    caller = AirflowCaller(**ASKED, ti_id=ti_id, try_number=try_number)
    return run_id_of(caller.key)


class Aws(FakeLambda, FakeDynamoDB):
    """watch_runs and the outcomes table, and which AWS connection asked them."""

    def __init__(self) -> None:
        FakeLambda.__init__(self)
        FakeDynamoDB.__init__(self)
        self.tables["outcomes"] = {}
        self.connections: set[str | None] = set()

    def knows(self, run: WatchedRun | None, of: str | None = None) -> None:
        """What the next question is answered."""
        answer = WatchAnswer(
            runs={of or run_id(): run} if run else {},
            outcomes_table="outcomes",
            stop_function="stop",
            region="eu-central-1",
        )
        self.answers.append(to_builtins(answer))


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Aws:
    bridge = Aws()

    def client(access: Any, service: Any, **defaults: Any) -> Any:
        assert defaults["read_timeout"] <= 10, "a person waits for the page"
        bridge.connections.add(access.aws_conn_id)
        return bridge

    monkeypatch.setattr(aws, "client", client)
    return bridge


class AuthManager:
    """Lets its user read what is asked for of one DAG."""

    def __init__(self) -> None:
        self.allowed = {"TASK_INSTANCE", "TASK_LOGS"}

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        return (method, details.id) == ("GET", "dag") and access_entity.name in self.allowed


@pytest.fixture
def auth_manager(monkeypatch: pytest.MonkeyPatch) -> AuthManager:
    auth_manager = AuthManager()
    monkeypatch.setattr(security, "get_auth_manager", lambda: auth_manager)
    # From Airflow 3.1 on it asks the database for the DAG's team.
    if hasattr(security, "DagModel"):
        monkeypatch.setattr(security.DagModel, "get_team_name", lambda dag_id: None, raising=False)
    return auth_manager


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> dict[Key, Known]:
    """The task instances that Airflow's database has."""
    stored = {KEY: KNOWN}
    monkeypatch.setattr(panel, "known", stored.get)
    return stored


@pytest.fixture
def client(
    auth_manager: AuthManager, stored: dict[Key, Known], bridge: Aws
) -> Iterator[TestClient]:
    panel.app.dependency_overrides[security.get_user] = lambda: SimpleNamespace()
    yield TestClient(panel.app)
    panel.app.dependency_overrides.clear()


@pytest.fixture
def opened(client: TestClient) -> Callable[..., str]:
    def open_(**asked: Any) -> str:
        answer = client.get("/task-instance", params=ASKED | asked)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    return open_


class Page(HTMLParser):
    """The page's text by its parts, its elements and its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: dict[str, str] = {}
        self.attributes: set[str] = set()
        self.text = ""
        self._skip = False
        self._href = ""
        self.feed(html)

    def handle_starttag(self, tag: Any, attrs: Any) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self._skip = tag in ("style", "script")
        self._href = dict(attrs).get("href", "")

    def handle_endtag(self, tag: Any) -> None:
        self._skip = False
        self._href = ""

    def handle_data(self, data: Any) -> None:
        if not self._skip:
            self.text += f" {data.strip()}"
        if self._href:
            self.links[data.strip()] = self._href


def watched(outcome: Any = None, status: Any = "ended", **fields: Any) -> WatchedRun:
    caller = AirflowCaller(**ASKED, ti_id=TI_ID, try_number=2)
    return WatchedRun(
        status=status,
        backend="ecs",
        caller=caller,
        created_at=BEGAN + 2,
        outcome=outcome,
        **fields,
    )


def ended(make_outcome: Callable[..., Outcome], **changes: Any) -> Any:
    return make_outcome(
        **{
            "run_id": run_id(),
            "started_at": "2025-12-31T23:58:50Z",
            "stopped_at": "2025-12-31T23:59:50Z",
            "usage": USAGE,
            "last_lines": ["about to end", "done"],
            **changes,
        }
    )


def test_an_ended_run_is_shown_with_everything(
    opened: Callable[..., str], bridge: Aws, make_outcome: Callable[..., Outcome]
) -> None:
    death = Death(
        launch=1,
        cause=Cause.SPOT_INTERRUPTION,
        reason="Your Spot Task was interrupted.",
        backend_id=f"{ARN}-first",
        at=BEGAN + 20,
        usage=USAGE,
    )
    outcome = ended(
        make_outcome,
        state=State.FAILED,
        cause=Cause.APPLICATION_EXIT,
        fault=Fault.JOB,
        advice="Read the log",
        exit_codes={"main": 3},
        deaths=[death],
        launches=2,
        definition="arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7",
    )
    bridge.knows(watched(outcome))
    page = Page(opened())
    told = re.sub(r"\s+", " ", page.text)
    for part in (
        f"Run {run_id()} failed: application exit",
        "AWS says: Essential container in task exited",
        "Read the log",
        "exit codes main 3",
        "whose fault job",
        "task-definition/report:7",
        "launch 1 dies: spot interruption 2025-12-31 23:58:40 UTC",
        "the container starts 2025-12-31 23:58:50 UTC 10.0 s",
        "the container stops 2025-12-31 23:59:50 UTC 1 min 00 s",
        "Jetbridge seals the outcome 2026-01-01 00:00:00 UTC 10.0 s",
        f"{ARN}-first spot interruption Your Spot Task was interrupted.",
        "1 vCPU, 2 GB, FARGATE 1 h 00 min $0.049370",
        "$0.098740 by Fargate's list price in us-east-1, of which $0.049370 for launches",
        "about to end done",
        f"jetbridge show {run_id()}",
    ):
        assert part in told, (part, told)
    assert page.links["ECS task"].startswith("https://eu-central-1.console") or page.links[
        "ECS task"
    ].startswith("https://console.aws.amazon.com")
    assert page.tags["rect"] == 5
    assert bridge.connections == {"etl_aws"}
    assert bridge.calls == [], "an ended run is read with one call"


def test_the_outcomes_table_shows_a_run_in_progress(
    opened: Callable[..., str], bridge: Aws
) -> None:
    bridge.knows(watched(status="launched", backend_id=ARN))
    launched = Launched(
        run_id=run_id(),
        backend="ecs",
        region="eu-central-1",
        backend_id=ARN,
        launched_at=BEGAN + 4,
        started_at="2025-12-31T23:58:50Z",
    )
    bridge.launched[run_id()] = encode(launched)
    html = opened()
    told = Page(html).text
    assert "runs" in told
    assert ARN in told
    assert "launch 1 is made" in told
    assert 'data-moving="yes"' in html
    assert bridge.calls == [[run_id()]]


def test_a_run_that_is_launched_and_does_not_run_yet(
    opened: Callable[..., str], bridge: Aws
) -> None:
    bridge.knows(watched(status="launched", backend_id=ARN))
    launched = Launched(
        run_id=run_id(), backend="ecs", region="eu-central-1", backend_id=ARN, launched_at=BEGAN
    )
    bridge.launched[run_id()] = encode(launched)
    told = Page(opened()).text
    assert "is launched" in told
    assert "Its ECS task doesn't run yet: " in told


@pytest.mark.parametrize(
    ("status", "state"), [("accepted", "waits to be launched"), ("ended", "ends")]
)
def test_a_run_without_a_record(
    opened: Callable[..., str], bridge: Aws, status: str, state: str
) -> None:
    bridge.knows(watched(status=status))
    told = re.sub(r"\s+", " ", Page(opened()).text)
    assert f"Run {run_id()} {state}" in told


def test_a_wait_whose_end_and_next_attempt_nobody_knows(
    opened: Callable[..., str], bridge: Aws
) -> None:
    bridge.knows(watched(status="accepted"))
    waits = Waits(run_id=run_id(), launch=1, what="capacity", reason="full", since=BEGAN)
    bridge.waiting[run_id()] = encode(waits)
    told = Page(opened()).text
    assert "waits for capacity since 2025-12-31 23:58:20 UTC. full" in told
    assert "next tried" not in told
    assert "at most" not in told


WAITING = Waits(
    run_id=run_id(),
    launch=2,
    what="capacity",
    reason="RESOURCE:MEMORY",
    since=BEGAN,
    until=BEGAN + 3600,
    next_at=BEGAN + 60,
)


def test_the_page_shows_what_a_run_waits_for(opened: Callable[..., str], bridge: Aws) -> None:
    bridge.knows(watched(status="accepted"))
    bridge.waiting[run_id()] = encode(WAITING)
    told = Page(opened()).text
    assert "waits for capacity since 2025-12-31 23:58:20 UTC" in told
    assert "next tried at 2025-12-31 23:59:20 UTC" in told
    assert "until 2026-01-01 00:58:20 UTC at most. RESOURCE:MEMORY" in told


@pytest.mark.parametrize(
    ("what", "launch", "started_at", "still"),
    [
        ("capacity", None, None, True),
        ("capacity", 1, None, True),
        ("capacity", 2, None, False),
        ("job_queue", 2, None, True),
        ("job_queue", 2, "2026-01-01T00:00:00Z", False),
        ("job_queue", 3, None, False),
    ],
)
def test_a_wait_that_is_over_is_not_logged(
    what: Any, launch: int | None, started_at: str | None, still: bool
) -> None:
    launched = launch and Launched(
        run_id="r",
        backend="batch",
        region="r",
        backend_id="b",
        launched_at=0,
        launch=launch,
        started_at=started_at,
    )
    waiting = Waits(run_id="r", launch=2, what=what, reason="", since=0)
    assert counts(waiting, launched or None) is still


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (NoCredentialsError(), "Unable to locate credentials"),
        (client_error("AccessDeniedException", "Invoke"), "allow lambda:InvokeFunction on"),
        (
            client_error("ResourceNotFoundException", "Invoke"),
            "Name the stack with jetbridge_stack",
        ),
        ({"runs": 7}, "an answer of another version"),
        (RuntimeError("\x1b[31m<b>anything</b>"), "<b>anything</b>"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_fix_and_the_stored_links(
    opened: Callable[..., str], bridge: Aws, fault: Any, said: str
) -> None:
    # A stack without aliases is asked again without one.
    bridge.answers.extend([fault, fault])
    html = opened()
    page = Page(html)
    assert "API server can't read the run" in page.text
    assert said in page.text
    assert "AWS connection etl_aws" in page.text
    assert "AirflowPolicyArn" in page.text
    assert page.links["ECS task"] == "https://console.aws.amazon.com/ecs"
    assert "javascript:" not in html
    assert page.tags["b"] == 0


def test_a_table_that_cannot_be_read_is_said(opened: Callable[..., str], bridge: Aws) -> None:
    bridge.knows(watched(status="launched"))
    bridge.faults.append(client_error("AccessDeniedException"))
    assert "AccessDeniedException" in Page(opened()).text


def test_a_stack_that_cannot_be_named_is_said(
    opened: Callable[..., str], stored: dict[Key, Known]
) -> None:
    stored[KEY] = Known(key=KEY, tries=TRIES, fields={"jetbridge_stack": "no stack"})
    assert "'no stack' names no Jetbridge stack" in Page(opened()).text


def test_a_run_that_the_stack_has_forgotten(opened: Callable[..., str], bridge: Aws) -> None:
    bridge.knows(None)
    assert "ended more than 14 days ago" in Page(opened()).text


def test_an_earlier_try_is_shown_when_it_is_asked_for(
    opened: Callable[..., str], bridge: Aws, make_outcome: Callable[..., Outcome]
) -> None:
    first = run_id(EARLIER, 1)
    bridge.knows(watched(ended(make_outcome, run_id=first)), of=first)
    page = Page(opened(try_number="1"))
    assert f"Run {first}" in re.sub(r"\s+", " ", page.text)
    assert "try_number=2" in page.links["Try 2"]
    asked = bridge.invocations[0][1]["run_ids"]
    assert asked == [first]


def test_a_run_that_an_earlier_try_started_is_the_one_shown(
    opened: Callable[..., str], bridge: Aws, make_outcome: Callable[..., Outcome]
) -> None:
    bridge.knows(watched(ended(make_outcome, run_id="of-an-earlier-try")))
    assert "of-an-earlier-try" in Page(opened()).text


@pytest.mark.parametrize("map_index", ["{MAP_INDEX}", "", "-1", "x", "٣", "9" * 30])
def test_what_airflow_puts_for_a_task_that_is_not_mapped(
    opened: Callable[..., str], bridge: Aws, map_index: str, make_outcome: Callable[..., Outcome]
) -> None:
    bridge.knows(watched(ended(make_outcome)))
    assert run_id() in opened(map_index=map_index)


def test_another_task_asks_aws_for_nothing(
    opened: Callable[..., str], stored: dict[Key, Known], bridge: Aws
) -> None:
    stored[KEY] = Known(key=KEY, tries=TRIES, fields={"bash_command": "true"})
    assert "doesn't run through Jetbridge" in Page(opened()).text
    stored[KEY] = Known(key=KEY)
    assert "hasn't been started" in Page(opened()).text
    assert (bridge.invocations, bridge.calls, bridge.connections) == ([], [], set())


def test_an_adopted_task_is_known_by_its_links(
    opened: Callable[..., str],
    stored: dict[Key, Known],
    bridge: Aws,
    make_outcome: Callable[..., Outcome],
) -> None:
    stored[KEY] = Known(key=KEY, tries=TRIES, links={"Jetbridge run": ""})
    bridge.knows(watched(ended(make_outcome)))
    assert run_id() in opened()
    assert bridge.connections == {"aws_default"}


def test_there_is_no_such_task_instance(client: TestClient, bridge: Aws) -> None:
    answer = client.get("/task-instance", params=ASKED | {"task_id": "other"})
    assert (answer.status_code, "no such task instance" in answer.text) == (404, True)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_who_may_not_read_the_dag_learns_nothing(
    client: TestClient, auth_manager: AuthManager, bridge: Aws
) -> None:
    answer = client.get("/task-instance", params=ASKED | {"dag_id": "other"})
    assert answer.status_code == 403
    auth_manager.allowed = {"TASK_LOGS"}
    assert client.get("/task-instance", params=ASKED).status_code == 403
    assert bridge.invocations == []


def test_who_is_not_logged_in_learns_nothing(client: TestClient, bridge: Aws) -> None:
    def nobody() -> None:
        raise HTTPException(401, "Not authenticated")

    panel.app.dependency_overrides[security.get_user] = nobody
    assert client.get("/task-instance", params=ASKED).status_code == 401
    assert bridge.invocations == []


def test_lines_are_for_those_who_may_read_logs(
    opened: Callable[..., str],
    auth_manager: AuthManager,
    bridge: Aws,
    make_outcome: Callable[..., Outcome],
) -> None:
    auth_manager.allowed = {"TASK_INSTANCE"}
    bridge.knows(watched(ended(make_outcome)))
    html = opened()
    assert "about to end" not in html
    assert run_id() in html


def test_the_browser_runs_the_pages_own_script_alone(
    client: TestClient, bridge: Aws, make_outcome: Callable[..., Outcome]
) -> None:
    bridge.knows(watched(ended(make_outcome)))
    answer = client.get("/task-instance", params=ASKED)
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    for tag in ("script", "style"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(text=HOSTILE)
@example(text="{{ 7 * 7 }}</pre></body>")
@example(text="\r")
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_no_text_from_outside_acts_on_the_page(
    opened: Callable[..., str], bridge: Aws, make_outcome: Callable[..., Outcome], text: Any
) -> None:
    def told(text: str) -> Page:
        death = Death(launch=1, cause=Cause.LOST, reason=text, backend_id=text, at=BEGAN + 1)
        outcome = ended(
            make_outcome,
            reason=text,
            advice=text,
            exit_codes={text: 1},
            deaths=[death],
            last_lines=[text],
            definition=text,
            stopped_by=text,
            cluster=text,
            backend_id=text,
            usage=Usage(launch_type=text, vcpu=1, memory_mib=1, seconds=1),
        )
        answer = WatchAnswer(
            runs={run_id(): watched(outcome)},
            outcomes_table="outcomes",
            stop_function="stop",
            region="eu-central-1",
        )
        bridge.answers.append(json.loads(encode(answer)))
        return Page(opened())

    plain, hostile = told("x"), told(text)
    # A text of which nothing is shown, such as a carriage return, leaves out its own elements.
    assert hostile.tags <= plain.tags
    assert hostile.attributes <= plain.attributes
    assert all(url.startswith(("https://", "?dag_id=")) for url in hostile.links.values())
    assert "\x1b" not in hostile.text
    assert "\u202e" not in hostile.text


@pytest.mark.parametrize(
    ("usages", "said"),
    [
        ([None], "AWS's records don't say"),
        ([Usage(launch_type="EC2", vcpu=1, memory_mib=1, seconds=1)], "runs on instances"),
        ([USAGE], "$0.049370 by Fargate's list price"),
    ],
)
def test_the_cost_says_what_it_does_not_know(
    opened: Callable[..., str],
    bridge: Aws,
    make_outcome: Callable[..., Outcome],
    usages: list[Any],
    said: str,
) -> None:
    bridge.knows(watched(ended(make_outcome, usage=usages[-1])))
    assert said.replace("runs on", "It ran on") in Page(opened()).text


def test_a_run_that_was_never_launched_costs_nothing(
    opened: Callable[..., str], bridge: Aws, make_outcome: Callable[..., Outcome]
) -> None:
    changes = {"backend_id": None, "usage": None, "started_at": None, "stopped_at": None}
    bridge.knows(watched(ended(make_outcome, **changes, state=State.STOPPED)))
    told = Page(opened()).text
    assert "nothing was launched" in told
    assert "stopped: completed" in told
