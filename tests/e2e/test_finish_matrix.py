"""Three ways in which a run's end reaches Airflow, with each outcome and each fault.

Airflow is real and has real users; the stack is deployed on the local cloud. ``feed`` is read by
the triggerer; ``push`` and ``rest`` are sent by notify_airflow as a user of role ``user``. Those
tasks' triggers can't read the outcomes table here, so that nothing but the push can finish them.
"""

import time
from functools import partial
from typing import Any

import pytest
from finish_matrix.cell import Cell, until
from finish_matrix.stage import (
    CONCURRENCY,
    JETBRIDGE,
    ROTATING,
    SLOW_SECONDS,
    USERS,
    Stage,
)
from finish_matrix.table import ROWS, Row

from jetbridge_local.airflow import User

ROTATED = User(ROTATING.name, ROTATING.role, "the-password-after")
WAYS = ("feed", "push", "rest")
PASSWORDS = (("wrong password", "wrong", JETBRIDGE), ("password rotated", "rotating", ROTATED))
"""Case, entry of the secret, and what it is fixed with."""
NATIVE = {
    "success": (["success"], [(1, "success")], 1, {"try": 1}),
    "retry": (["failed", "success"], [(1, "retry"), (2, "success")], 1, {"try": 2}),
    "failure": (["failed"], [(1, "failure")], 0, None),
    "skip": (["skipped"], [(1, "skipped")], 0, None),
}
"""By outcome: states of the tries, callbacks, asset events, return value; as with any operator."""
REST: dict[str, tuple[list[str], list[tuple[int, str]], int, Any]] = {
    "success": (["success"], [], 0, {"try": 1}),
    "retry": (["failed", "success"], [], 0, {"try": 2}),
    "failure": (["failed"], [], 0, None),
    "skip": (["failed"], [], 0, None),
}
"""The losses of ``rest``: no callbacks, no asset events, no exit code to skip on."""
EXPECTED = {
    **{(way, case): expected for way in ("feed", "push") for case, expected in NATIVE.items()},
    **{("rest", case): expected for case, expected in REST.items()},
    ("rest_deferred", "success"): REST["success"],
    ("rest_deferred", "retry"): REST["retry"],
}


def _twice(stage: Stage, name: str) -> bool:
    return len(log_ins(stage, name)) >= 2


@pytest.fixture(scope="module")
def outcomes(stage: Stage) -> str:
    return stage.start_dag("finish_outcomes")


@pytest.fixture(scope="module")
def faults(stage: Stage, outcomes: str) -> dict[str, str]:
    """Run ids by DAG. Begun when the first DAG run has ended: two cores have enough to do."""
    stage.client.wait_for_dag_run("finish_outcomes", outcomes, timeout=240)
    stage.airflow.change_password(ROTATING.name, ROTATED.password)
    runs = {dag_id: stage.start_dag(dag_id) for dag_id in ("finish_tries", "finish_credentials")}
    clear_while_deferred(stage, runs["finish_tries"])
    correct_passwords(stage, runs["finish_credentials"])
    deliver_first_outcome_to_second_try(stage, runs["finish_tries"])
    runs["finish_slow"] = stage.start_dag("finish_slow")
    return runs


def clear_while_deferred(stage: Stage, run_id: str) -> None:
    for way in WAYS:
        cell = Cell(stage, "finish_tries", run_id, f"{way}-cleared")
        cell.wait("deferred")
        until(cell.clear, 240, f"the clear of {cell.task_id}")


def correct_passwords(stage: Stage, run_id: str) -> None:
    """Once each was rejected twice; nothing has been finished until then."""
    for case, name, right in PASSWORDS:
        until(partial(_twice, stage, name), 240, f"two log-ins as {name}")
        for way in ("push", "rest"):
            cell = Cell(stage, "finish_credentials", run_id, f"{way}-{case.replace(' ', '-')}")
            assert cell.state == "deferred"
        assert set(log_ins(stage, name)) == {401}
        stage.change_secret(name, right)


def deliver_first_outcome_to_second_try(stage: Stage, run_id: str) -> None:
    for way in WAYS:
        cell = Cell(stage, "finish_tries", run_id, f"{way}-stale")
        cell.wait("deferred", try_number=2)
        deliver_again(stage, cell, way)
        assert cell.tries[-1].state == "deferred"


def note(cell: Cell, case: str, result: str) -> None:
    way = cell.task_id.partition("-")[0].replace("_", ", ")
    ROWS.append(Row(way, case, result, cell.seconds()))


@pytest.mark.parametrize(("way", "case"), EXPECTED)
def test_outcome(stage: Stage, outcomes: str, way: str, case: str) -> None:
    cell = Cell(stage, "finish_outcomes", outcomes, f"{way}-{case}")
    states, callbacks, asset_events, result = EXPECTED[way, case]
    assert cell.wait_ended(240) == states
    cell.wait_followed(callbacks, asset_events)
    assert (cell.callbacks, cell.asset_events) == (callbacks, asset_events)
    assert cell.result == result
    assert "state mismatch" not in cell.story
    told = stage.proxy.statuses(cell.wait_outcome(len(states)).run_id, "/jetbridge/")
    if way == "push":
        assert told[-1] == 200
        assert set(told[:-1]) <= {425}
    else:
        assert told == []
    lost = "; no callbacks, no asset events" if way.startswith("rest") else ""
    note(cell, f"outcome: {case}", f"{' → '.join(states)}{lost}")


@pytest.mark.parametrize("way", WAYS)
def test_delivery_again_changes_nothing(stage: Stage, outcomes: str, way: str) -> None:
    cells = [
        Cell(stage, "finish_outcomes", outcomes, f"{way}-{case}") for case in ("success", "failure")
    ]
    for cell in cells:
        cell.wait_ended(240)
    before = [(cell.tries, cell.callbacks, cell.asset_events, cell.result) for cell in cells]
    for cell in cells:
        deliver_again(stage, cell, way)
    after = [(cell.tries, cell.callbacks, cell.asset_events, cell.result) for cell in cells]
    assert after == before
    if way == "push":
        run_id = cells[0].wait_outcome().run_id
        assert stage.proxy.statuses(run_id, "/jetbridge/")[-1] == 409
    note(cells[0], "fault: delivered again", "nothing changed")


def deliver_again(stage: Stage, cell: Cell, way: str) -> None:
    """Deliver the first try's outcome once more, and wait until Airflow was asked about it."""
    before = asked(stage, cell, way)
    stage.deliver_again(cell.wait_outcome().run_id)
    if way != "feed":
        until(lambda: asked(stage, cell, way) > before, 240, "the notice's second delivery")


def asked(stage: Stage, cell: Cell, way: str) -> int:
    """How often Airflow was asked about a task."""
    if way == "push":
        return len(stage.proxy.statuses(cell.wait_outcome().run_id, "/jetbridge/"))
    return len(stage.proxy.statuses(f"/taskInstances/{cell.task_id}"))


@pytest.mark.parametrize("way", WAYS)
def test_a_stale_outcome_does_not_touch_the_next_try(
    stage: Stage, faults: dict[str, str], way: str
) -> None:
    cell = Cell(stage, "finish_tries", faults["finish_tries"], f"{way}-stale")
    assert cell.wait_ended() == ["failed", "success"]
    assert cell.result == {"try": 2}
    assert cell.callbacks == ([] if way == "rest" else [(1, "retry"), (2, "success")])
    if way == "push":
        assert stage.proxy.statuses(cell.wait_outcome(1).run_id, "/jetbridge/")[-1] == 410
    note(cell, "fault: stale try", "try 2 undisturbed")


@pytest.mark.parametrize("way", WAYS)
def test_a_cleared_task_gets_its_own_outcome(
    stage: Stage, faults: dict[str, str], way: str
) -> None:
    cell = Cell(stage, "finish_tries", faults["finish_tries"], f"{way}-cleared")
    cell.wait_ended()
    stopped = cell.wait_outcome(1)
    assert stopped.outcome["state"] == "stopped"
    assert cell.states == ["failed", "success"]
    assert cell.result == {"try": 2}
    assert cell.callbacks == ([] if way == "rest" else [(2, "success")])
    note(cell, "fault: cleared", "first run stopped, second counts")


@pytest.mark.parametrize("way", ["push", "rest"])
@pytest.mark.parametrize(("case", "name"), [(case, name) for case, name, _ in PASSWORDS])
def test_a_wrong_password_only_delays(
    stage: Stage, faults: dict[str, str], case: str, name: str, way: str
) -> None:
    """The secret is read again with each rejection, however lately it was read."""
    task_id = f"{way}-{case.replace(' ', '-')}"
    cell = Cell(stage, "finish_credentials", faults["finish_credentials"], task_id)
    assert cell.wait_ended() == ["success"]
    statuses = log_ins(stage, name)
    assert 201 in statuses
    note(cell, f"fault: {case}", f"{statuses.count(401)} times 401, fixed, success")


def log_ins(stage: Stage, name: str) -> list[int | None]:
    return [call.status for call in stage.proxy.of(name) if "/auth/token" in call.path]


def test_the_feed_is_the_net_below_a_push(stage: Stage, faults: dict[str, str]) -> None:
    cell = Cell(stage, "finish_credentials", faults["finish_credentials"], "push-net")
    assert cell.wait_ended() == ["success"]
    assert cell.callbacks == [(1, "success")]
    assert cell.asset_events == 1
    note(cell, "fault: wrong password, net", "finished by its trigger")


def test_a_user_without_permission_is_a_dead_letter(stage: Stage, faults: dict[str, str]) -> None:
    """Replayed right after the secret was fixed, each is delivered: a 403 has it read again."""
    dag_run = faults["finish_credentials"]
    cells = [
        Cell(stage, "finish_credentials", dag_run, f"{way}-forbidden") for way in ("push", "rest")
    ]
    waiting = {cell.wait_outcome().run_id for cell in cells}
    letters: dict[str, dict[str, Any]] = {}

    def arrived() -> bool:
        for run_id in waiting - letters.keys():
            if letter := stage.take("NotifyDeadLetters", run_id):
                letters[run_id] = letter
        return letters.keys() == waiting

    until(arrived, 150, "the dead letters")
    assert [cell.state for cell in cells] == ["deferred", "deferred"]
    refused = [call.status for call in stage.proxy.of("viewer")].count(403)
    assert refused >= 10
    stage.change_secret("viewer", JETBRIDGE)
    for letter in letters.values():
        stage.send("NotifyQueue", letter)
    for cell in cells:
        assert cell.wait_ended() == ["success"]
        note(cell, "fault: no permission", "403, dead letter, fixed, replayed, success")


def test_a_slow_airflow_gets_few_calls_at_once(stage: Stage, faults: dict[str, str]) -> None:
    dag_run = faults["finish_slow"]
    names = [f"push-slow-{number}" for number in range(5)] + ["rest-slow"]
    cells = [Cell(stage, "finish_slow", dag_run, name) for name in names]
    for cell in cells:
        assert cell.wait_ended() == ["success"]
    at_once = stage.proxy.most_at_once
    assert at_once == CONCURRENCY
    for cell in (cells[0], cells[-1]):
        note(cell, "fault: Airflow slow", f"{SLOW_SECONDS:g} s a call, {at_once} at once")


def test_an_outage_loses_nothing(stage: Stage, faults: dict[str, str]) -> None:
    """The triggerer is down as well: a task that it resumed would be failed by Airflow, whose
    workers give an API server that doesn't answer ten seconds."""
    dag_run = stage.start_dag("finish_outage")
    cells = {way: Cell(stage, "finish_outage", dag_run, f"{way}-outage") for way in WAYS}
    for cell in cells.values():
        cell.wait("deferred")
    began = time.time()
    stage.airflow.stop_component("triggerer")
    stage.airflow.stop_component("api-server")
    for cell in cells.values():
        cell.wait_outcome()

    def unanswered() -> int:
        return sum(call.status is None and call.at > began for call in stage.proxy.calls)

    until(lambda: unanswered() >= 3, 240, "three calls that nobody answers")
    stage.airflow.start_component("api-server")
    until(stage.airflow.answers, 240, "the API server's first answer")
    stage.airflow.start_component("triggerer")
    stage.airflow.wait_healthy()
    for way, cell in cells.items():
        assert cell.wait_ended(180) == ["success"], (way, cell.story)
        assert cell.result == {"try": 1}
        note(cell, "fault: Airflow down", "success when it is back")


def test_no_secret_was_logged(stage: Stage, outcomes: str) -> None:
    printed = stage.printed_by_notify()
    assert "Airflow is notified" in printed
    for user in USERS:
        assert user.password not in printed
    assert ROTATED.password not in printed
    assert "Bearer" not in printed
    assert "eyJ" not in printed, "a JSON Web Token begins so"
