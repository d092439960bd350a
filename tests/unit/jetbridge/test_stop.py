"""stop_run: in every state of a run, and again."""

from typing import Any

import pytest
from jetbridge_testing.backends import refused
from jetbridge_testing.core import Core, stop_of
from jetbridge_testing.samples import ended_run, launched_run, new_run, request
from msgspec.structs import replace

from jetbridge.backends.port import LaunchRefused, Throttled, Unanswered
from jetbridge.contract import AirflowCaller, StopCause, StopRequest, decode
from jetbridge.launching.dynamodb import DynamoTries
from jetbridge.queues.messages import Orphan, StopMessage
from jetbridge.queues.patience import PATIENCE_SECONDS
from jetbridge.queues.port import GiveUp
from jetbridge.runs.port import Runs, UnreadableRow
from jetbridge.runs.run import Attachment, Run, Status, Stop
from jetbridge.stopping.stop import NotStopped, StopRuns

STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared", by="ada")


class Scene(Core):
    def __init__(self, *rows: Run) -> None:
        super().__init__()
        for row in rows:
            self.runs.create(row)

    def wish(self, run_id: str) -> Stop | None:
        row = self.runs.get(run_id)
        assert row is not None
        return row.stop


def _request(*run_ids: str, since: float | None = None) -> StopMessage:
    return StopMessage(run_ids=list(run_ids), reason="cleared", by="ada", since=since)


def test_each_state() -> None:
    accepted = new_run(run_id="accepted")
    launching = new_run(run_id="launching", status=Status.LAUNCHING, last_attempt_at=1.0)
    task = launched_run(run_id="task")
    job = launched_run("airflow_batch", run_id="job")
    ended = ended_run("ecs_stopped_exit_0", run_id="ended")
    scene = Scene(accepted, launching, task, job, ended)
    answer = scene.stop(_request("accepted", "launching", "task", "job", "ended", "nobody"))
    assert answer.stopping == ["accepted", "launching", "task", "job"]
    assert (answer.already_ended, answer.unknown) == (["ended"], ["nobody"])
    assert scene.ecs.stopped == [(task.backend_id, "cleared")]
    assert scene.batch.stopped == [(job.backend_id, "cleared")]
    assert [scene.wish(name) for name in answer.stopping] == [STOP] * 4
    assert scene.wish("ended") is None


def test_again_is_harmless_and_the_first_wish_stays() -> None:
    scene = Scene(launched_run(run_id="r"))
    scene.stop(_request("r"))
    later = StopRequest(run_ids=["r"], reason="timed out", cause=StopCause.TIMEOUT)
    assert scene.stop(later).stopping == ["r"]
    assert scene.wish("r") == STOP


def test_named_twice_is_stopped_once() -> None:
    scene = Scene(launched_run(run_id="r"))
    assert scene.stop(_request("r", "r")).stopping == ["r"]
    assert len(scene.ecs.stopped) == 1


@pytest.mark.parametrize("error", [None, Throttled("x"), refused()])
def test_a_run_that_is_named_beside_a_try_that_attached_to_it_is_stopped_once(
    error: Exception | None,
) -> None:
    """Both ids are answered alike."""
    attached = new_run(run_id="later", attached_to="r")
    scene = Scene(launched_run(run_id="r"), attached)
    scene.ecs.errors["stop"] = [error] if error else []
    answer = scene.stop(_request("r", "later"))
    told = list(answer.refused) if isinstance(error, LaunchRefused) else answer.stopping
    assert told == ["r", "later"]
    assert len(scene.ecs.stopped) == (0 if error else 1)
    again = [stop_of(message).run_ids for message in scene.stops.messages]
    assert again == ([["r", "later"]] if isinstance(error, Throttled) else [])


@pytest.mark.parametrize("error", [Throttled("x"), Unanswered("x")])
def test_stop_that_aws_put_off_comes_back_through_the_queue(error: Exception) -> None:
    scene = Scene(launched_run(run_id="r"), launched_run("airflow_batch", run_id="s"))
    scene.ecs.errors["stop"] = [error]
    assert scene.stop(_request("r", "s")).stopping == ["r", "s"]
    assert (len(scene.batch.stopped), scene.stops.delays) == (1, [5])
    [message] = scene.stops.messages
    again = stop_of(message)
    assert again == _request("r", since=scene.clock())
    scene.stop.of_message(again)
    assert len(scene.ecs.stopped) == 1
    assert len(scene.stops.messages) == 1


@pytest.mark.parametrize("error", [Throttled("x"), Unanswered("x")])
def test_stop_that_aws_puts_off_for_a_week_is_given_up(error: Exception) -> None:
    scene = Scene(launched_run(run_id="r"), launched_run("airflow_batch", run_id="s"))
    scene.ecs.errors["stop"] = [error, error]
    began = scene.clock()
    scene.clock.advance(PATIENCE_SECONDS)
    scene.stop.of_message(_request("r", "s", since=began))
    assert scene.stops.messages[0]["since"] == began
    assert scene.stops.delays == [60]
    scene.clock.advance(1)
    with pytest.raises(GiveUp, match="AWS has put off the stop of r for 7 days"):
        scene.stop.of_message(_request("r", "s", since=began))
    assert len(scene.batch.stopped) == 2, "the others are stopped first"


def test_refused_stop_is_reported_and_can_be_repeated() -> None:
    scene = Scene(launched_run(run_id="r"))
    scene.ecs.errors["stop"] = [refused()]
    answer = scene.stop(_request("r"))
    assert answer.refused == {"r": "AccessDeniedException: not authorized"}
    assert answer.stopping == []
    assert scene.wish("r") == STOP
    assert scene.stop(_request("r")).stopping == ["r"]
    assert len(scene.ecs.stopped) == 1


# Each run by itself


BROKEN = [
    refused(),
    refused("ClusterNotFoundException", "Cluster not found."),
    refused("InvalidParameterException", "no task"),
    KeyError("jobQueue"),
    RuntimeError("anything"),
]


@pytest.mark.parametrize("error", BROKEN, ids=repr)
@pytest.mark.parametrize("order", [("r", "s", "q"), ("q", "s", "r")])
def test_what_one_run_meets_is_no_other_s(error: Exception, order: tuple[str, ...]) -> None:
    rows = [launched_run(run_id=name, backend_id=f"arn/{name}") for name in order]
    scene = Scene(*rows)
    scene.ecs.errors["stop"] = [error]
    answer = scene.stop(_request(*order))
    assert answer.stopping == list(order[1:])
    assert list(answer.refused) == [order[0]]
    assert [scene.wish(name) for name in order] == [STOP] * 3
    assert [stopped for stopped, _ in scene.ecs.stopped] == [f"arn/{name}" for name in order[1:]]
    assert scene.stops.messages == []


def test_all_wishes_are_written_before_any_stop() -> None:
    scene = Scene(*(launched_run(run_id=name, backend_id=f"arn/{name}") for name in ("r", "s")))
    wishes: list[Stop | None] = []
    scene.ecs.stop = lambda *a: wishes.extend(map(scene.wish, ("r", "s")))  # type: ignore[method-assign]
    scene.stop(_request("r", "s"))
    assert wishes == [STOP] * 4


@pytest.mark.parametrize("error", BROKEN, ids=repr)
def test_of_a_message_only_the_run_that_could_not_be_stopped_comes_back(error: Exception) -> None:
    scene = Scene(*(launched_run(run_id=name, backend_id=f"arn/{name}") for name in ("r", "s")))
    scene.ecs.errors["stop"] = [error, error]
    request = replace(_request("r", "s"), callers={"r": _first().key, "s": _first().key})
    scene.stop.of_message(request)
    again = [stop_of(message) for message in scene.stops.messages]
    assert again == [
        replace(request, run_ids=[name], callers={name: _first().key}, since=scene.clock())
        for name in ("r", "s")
    ]
    scene.ecs.errors["stop"] = [error]
    with pytest.raises(NotStopped):
        scene.stop.of_message(again[0])
    assert scene.stop.of_message(again[0]).stopping == ["r"]
    assert len(scene.stops.messages) == 2


class BrokenWrites:
    """Runs whose wishes for some can't be written."""

    def __init__(self, runs: Any, *errors: tuple[str, Exception]) -> None:
        self._runs, self._errors = runs, dict(errors)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)

    def request_stop(self, run_id: str, *rest: Any) -> Any:
        if run_id in self._errors:
            raise self._errors[run_id]
        return self._runs.request_stop(run_id, *rest)


def test_wish_that_could_not_be_written_is_written_later() -> None:
    scene = Scene(*(launched_run(run_id=name) for name in ("r", "s")))
    runs = BrokenWrites(scene.runs, ("r", ConnectionError("DynamoDB is away")))
    stop = StopRuns(runs, scene.backends, scene.endings, scene.stops)
    answer = stop(_request("r", "s"))
    assert (answer.stopping, answer.refused) == (["s", "r"], {})
    [message] = scene.stops.messages
    assert stop_of(message).run_ids == ["r"]
    with pytest.raises(NotStopped, match="DynamoDB is away"):
        stop.of_message(stop_of(message))
    with pytest.raises(ConnectionError):
        stop(_request("r"))


def test_row_that_cannot_be_read_is_refused_at_once() -> None:
    scene = Scene(launched_run(run_id="s"))
    runs = BrokenWrites(scene.runs, ("r", UnreadableRow("r", "it is odd")))
    stop = StopRuns(runs, scene.backends, scene.endings, scene.stops)
    answer = stop(_request("r", "s"))
    assert answer.stopping == ["s"]
    assert "can't be read" in answer.refused["r"]
    with pytest.raises(UnreadableRow):
        stop.of_message(_request("r"))


OTHERS = ["pace#ecs", "task#0123", "copy#x#y#z", "live#r", "stream#r", "", "x" * 2049, "\ud800"]


@pytest.mark.parametrize("other", OTHERS)
def test_an_item_that_isnt_a_run_is_unknown_and_left_alone(
    dynamodb: Any, dynamo_runs: Runs, other: str
) -> None:
    run = launched_run()
    dynamo_runs.create(run)
    item = {"run_id": {"S": other}, "turn": {"N": "1"}, "newest": {"S": "x"}}
    if "#" in other:
        dynamodb.put_item(TableName="RunsTable", Item=item)
    scene = Core(runs=dynamo_runs)
    answer = scene.stop(_request(other, run.run_id))
    assert (answer.unknown, answer.stopping, answer.refused) == ([other], [run.run_id], {})
    assert dynamo_runs.get(other) is None
    if "#" in other:
        found = dynamodb.get_item(TableName="RunsTable", Key={"run_id": {"S": other}})
        assert found["Item"] == item


@pytest.mark.parametrize("launch", [1, 3])
def test_queued_run_ends_at_once_and_is_never_launched(launch: int) -> None:
    scene = Scene(new_run(launch=launch, not_before=2e9))
    run_id = new_run().run_id
    assert scene.stop(_request(run_id)).stopping == [run_id]
    row = scene.runs.get(run_id)
    assert row is not None
    assert row.status is Status.ENDED
    assert scene.finishes.messages == [{"run_id": run_id}]
    scene.launch(run_id, launch)
    assert scene.ecs.launched == []
    assert scene.stop(_request(run_id)).already_ended == [run_id]


def test_stop_of_an_array_job_ends_the_parent() -> None:
    asked = request("airflow_batch")
    array = (asked.submit_job or {}) | {"arrayProperties": {"size": 1000}}
    scene = Scene(
        launched_run("airflow_batch", run_id="r", request=replace(asked, submit_job=array))
    )
    scene.stop(_request("r"))
    row = scene.runs.get("r")
    assert row is not None
    assert scene.batch.stopped == [(row.backend_id, "cleared")]


def test_run_to_be_stopped_is_looked_at_within_a_minute() -> None:
    scene = Scene(launched_run(run_id="r"))
    scene.stop(_request("r"))
    scene.clock.advance(60)
    assert scene.sweep().timed_out == 1
    [message] = scene.stops.messages
    assert decode(StopRequest, message).by == "ada"


# The fence: a stop for a caller who may not wait for the run any more


def _first() -> AirflowCaller:
    caller = new_run().request.caller
    assert isinstance(caller, AirflowCaller)
    return caller


SECOND = replace(_first(), try_number=2, ti_id="0195502b-9d80-7c7e-8f0a-3b1e5f7d2c12")
ATTACHED = launched_run(run_id="r", attachments=[Attachment(caller=SECOND)])


def _fenced(caller: str | None, *run_ids: str) -> StopRequest:
    return StopRequest(
        run_ids=list(run_ids),
        reason="cleared",
        by="ada",
        callers=dict.fromkeys(run_ids, caller or ""),
    )


def test_stop_for_the_caller_who_waits() -> None:
    scene = Scene(launched_run(run_id="r"))
    assert scene.stop(_fenced(_first().key, "r")).stopping == ["r"]
    assert scene.wish("r") == STOP


def test_stop_for_a_caller_whose_run_was_taken_over_stops_nothing() -> None:
    scene = Scene(ATTACHED)
    answer = scene.stop(_fenced(_first().key, "r"))
    assert (answer.taken_over, answer.stopping) == (["r"], [])
    assert scene.wish("r") is None
    assert scene.ecs.stopped == []
    assert scene.stop(_fenced(SECOND.key, "r")).stopping == ["r"]


def test_callers_fence_only_their_own_runs() -> None:
    scene = Scene(ATTACHED, launched_run("airflow_batch", run_id="s"))
    request = replace(_fenced(_first().key, "r"), run_ids=["r", "s", "nobody"])
    answer = scene.stop(request)
    assert (answer.taken_over, answer.stopping, answer.unknown) == (["r"], ["s"], ["nobody"])


def test_ended_run_has_ended_whoever_asks() -> None:
    scene = Scene(ended_run("ecs_stopped_exit_0", run_id="r"))
    assert scene.stop(_fenced(SECOND.key, "r")).already_ended == ["r"]


@pytest.mark.parametrize("name", ["person", "schedule", "event"])
def test_run_that_no_airflow_task_asked_for_is_not_that_caller_s(name: str) -> None:
    scene = Scene(new_run(name, run_id="r"))
    assert scene.stop(_fenced(_first().key, "r")).taken_over == ["r"]


def test_stop_that_comes_back_through_the_queue_keeps_its_fence() -> None:
    scene = Scene(launched_run(run_id="r"), ATTACHED)
    scene.ecs.errors["stop"] = [Throttled("x")]
    request = _fenced(_first().key, "r")
    assert scene.stop(request).stopping == ["r"]
    [message] = scene.stops.messages
    again = stop_of(message)
    assert (again.run_ids, again.callers) == (request.run_ids, request.callers)


def _attach(dynamodb: Any, to: Run) -> bool:
    alias = new_run(run_id="later", request=replace(to.request, caller=SECOND))
    tries = DynamoTries(dynamodb, "RunsTable", 900)
    return tries.attach(alias, to, Attachment(caller=SECOND))


@pytest.mark.parametrize("puts_off", [False, True])
def test_a_try_that_goes_on_with_an_earlier_run_stops_it_by_its_own_id(
    dynamodb: Any, dynamo_runs: Runs, puts_off: bool
) -> None:
    run = launched_run(run_id="r")
    dynamo_runs.create(run)
    assert _attach(dynamodb, run)
    core = Core(runs=dynamo_runs)
    core.ecs.errors["stop"] = [Throttled("x")] if puts_off else []
    request = StopRequest(run_ids=["later"], reason="in vain", callers={"later": SECOND.key})
    assert core.stop(request).stopping == ["later"]
    row = dynamo_runs.get("r")
    assert row is not None
    assert row.stop is not None
    if puts_off:
        [message] = core.stops.messages
        again = stop_of(message)
        assert (again.run_ids, again.callers) == (request.run_ids, request.callers)
        assert core.stop.of_message(again).stopping == ["later"]
    assert core.ecs.stopped == [(run.backend_id, "in vain")]


def test_fence_on_dynamodb(dynamodb: Any, dynamo_runs: Runs) -> None:
    run = launched_run(run_id="r")
    dynamo_runs.create(run)
    assert _attach(dynamodb, run)
    refused_stop = dynamo_runs.request_stop("r", STOP, _first().key)
    assert not refused_stop.changed
    assert refused_stop.row is not None
    assert refused_stop.row.caller == SECOND
    wished = dynamo_runs.request_stop("r", STOP, SECOND.key)
    assert wished.changed
    assert wished.row is not None
    assert wished.row.stop == STOP


@pytest.mark.parametrize("first", ["attach", "stop"])
def test_of_attach_and_stop_one_wins(dynamodb: Any, dynamo_runs: Runs, first: str) -> None:
    """Both have read the same row; whichever writes first, the other changes nothing."""
    run = launched_run(run_id="r")
    dynamo_runs.create(run)
    if first == "attach":
        assert _attach(dynamodb, run)
        assert not dynamo_runs.request_stop("r", STOP, _first().key).changed
    else:
        assert dynamo_runs.request_stop("r", STOP, _first().key).changed
        assert not _attach(dynamodb, run)
    row = dynamo_runs.get("r")
    assert row is not None
    assert (row.stop is None) is (row.caller == SECOND) is (first == "attach")


# Orphans


ORPHAN = Orphan(backend="ecs", place="reports", backend_id="arn/1", reason="no run")


@pytest.mark.parametrize("kind", ["ecs", "batch"])
def test_orphan_is_stopped_by_its_own_name(kind: str) -> None:
    scene = Scene()
    scene.stop_orphan(replace(ORPHAN, backend=kind))
    assert scene.backends[kind].stopped == [("arn/1", "no run")]


@pytest.mark.parametrize("error", [Throttled("x"), Unanswered("x")])
def test_orphan_that_aws_put_off_comes_back(error: Exception) -> None:
    scene = Scene()
    scene.ecs.errors["stop"] = [error]
    scene.stop_orphan(ORPHAN)
    [message] = scene.stops.messages
    assert decode(Orphan, message["orphan"]) == ORPHAN
    assert scene.stops.delays == [5]


def test_orphan_that_aws_puts_off_for_a_week_is_given_up() -> None:
    scene = Scene()
    scene.ecs.errors["stop"] = [Throttled("Rate exceeded")]
    with pytest.raises(GiveUp, match=r"arn/1 \(no run\), for 7 days: Rate"):
        scene.stop_orphan(ORPHAN, scene.clock() - PATIENCE_SECONDS - 1)
    assert scene.stops.messages == []


def test_orphan_that_aws_refuses_to_stop_is_seen() -> None:
    scene = Scene()
    scene.ecs.errors["stop"] = [refused()]
    with pytest.raises(LaunchRefused):
        scene.stop_orphan(ORPHAN)
