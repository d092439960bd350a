"""However and whenever a replay dies: no message is lost, and a later replay finishes."""

from collections import Counter
from contextlib import suppress
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from memory_sqs import Crash, MemorySqs, crash_at

from jetbridge_cli.destinations import QueueDestination
from jetbridge_cli.receiving import Reader
from jetbridge_cli.replay import Replayed, Selection, replay
from jetbridge_cli.stack import DeadLetterQueue

DEAD, SOURCE = "dead", "source"


def run(sqs: MemorySqs, selection: Selection = Selection(), dry_run: bool = False) -> Replayed:
    client = cast(Any, sqs)
    queue = DeadLetterQueue(
        name="FinishDeadLetters",
        url=DEAD,
        arn="arn:aws:sqs:eu-west-1:123456789012:dead",
        destination=QueueDestination(client, "FinishQueue", SOURCE),
        messages=len(sqs.queues[DEAD]),
        in_flight=0,
        asked_at=float(int(sqs.now)),
    )
    reader = Reader(client, DEAD, clock=lambda: sqs.now)
    return replay(queue, reader, selection, dry_run, lambda _: None)


def filled(number: int) -> tuple[MemorySqs, list[str]]:
    sqs = MemorySqs(queues={DEAD: [], SOURCE: []})
    bodies = [f'{{"run_id": "{n}"}}' for n in range(number)]
    for body in bodies:
        sqs.put(DEAD, body)
    sqs.now += 100
    return sqs, bodies


@given(
    number=st.integers(0, 35),
    crashes=st.lists(
        st.dictionaries(st.integers(0, 25), st.booleans(), min_size=1, max_size=1), max_size=6
    ),
    data=st.data(),
)
def test_no_crash_loses_a_message(
    number: int, crashes: list[dict[int, bool]], data: st.DataObject
) -> None:
    sqs, bodies = filled(number)
    sqs.fails = lambda: data.draw(st.integers(0, 9)) == 0
    for crash in crashes:
        sqs.fault = crash_at(crash)
        with suppress(Crash):
            run(sqs)
        everywhere = set(sqs.bodies(DEAD)) | set(sqs.bodies(SOURCE))
        assert everywhere == set(bodies), "a message is in neither queue"
        # What was in hand is visible again at the latest now.
        sqs.now += data.draw(st.sampled_from([0, 60]))
    sqs.fault, sqs.fails = lambda: None, lambda: False
    sqs.now += 60
    assert run(sqs).complete
    assert sqs.bodies(DEAD) == []
    assert set(sqs.bodies(SOURCE)) == set(bodies)


@given(
    number=st.integers(1, 35),
    call=st.integers(0, 25),
    before=st.booleans(),
    limit=st.integers(1, 35),
)
def test_one_crash_doubles_one_batch_at_most(
    number: int, call: int, before: bool, limit: int
) -> None:
    sqs, _ = filled(number)
    sqs.fault = crash_at({call: before})
    try:
        run(sqs, Selection(limit=limit))
    except Crash:
        assert len(sqs.bodies(SOURCE)) <= limit
    sqs.fault = lambda: None
    sqs.now += 60
    run(sqs)
    times = Counter(sqs.bodies(SOURCE))
    assert max(times.values()) <= 2
    assert sum(times.values()) - number <= 10


def test_what_dies_again_meanwhile_is_left_for_another_replay() -> None:
    sqs, bodies = filled(25)
    send = sqs.send_message_batch

    def send_and_die(**arguments: Any) -> Any:
        answer = send(**arguments)
        sqs.queues[DEAD] += sqs.queues[SOURCE]
        sqs.queues[SOURCE].clear()
        return answer

    sqs.send_message_batch = send_and_die  # type: ignore[method-assign]
    result = run(sqs)
    assert result.moved == 25
    assert result.arrived_later == 25
    assert sorted(sqs.bodies(DEAD)) == sorted(bodies)
    assert all(each.visible_at <= sqs.now for each in sqs.queues[DEAD])


def test_what_comes_later_is_left_alone() -> None:
    sqs, _ = filled(3)
    sqs.now += 10
    began = sqs.now
    sqs.now += 5
    sqs.put(DEAD, "later")
    late, sqs.now = sqs.now, began
    result = run(sqs)
    assert (result.moved, result.arrived_later) == (3, 1)
    assert sqs.bodies(DEAD) == ["later"]
    assert late > began


def test_a_dry_run_lets_go_of_everything_at_once() -> None:
    sqs, _ = filled(25)
    result = run(sqs, dry_run=True)
    assert (result.moved, len(sqs.bodies(DEAD)), sqs.bodies(SOURCE)) == (25, 25, [])
    assert all(each.visible_at <= sqs.now for each in sqs.queues[DEAD])


def test_messages_of_other_runs_are_held_however_long_it_takes() -> None:
    sqs, _ = filled(35)
    receive = sqs.receive_message

    def slow(**arguments: Any) -> Any:
        sqs.now += 14
        return receive(**arguments)

    sqs.receive_message = slow  # type: ignore[method-assign]
    result = run(sqs, Selection(run_ids=frozenset({"34"})))
    assert (result.moved, result.passed_over) == (1, 34)
    assert all(each.receipts == 1 for each in sqs.queues[DEAD])
    assert all(each.visible_at <= sqs.now for each in sqs.queues[DEAD])


def test_a_pass_ends_though_messages_come_back_sooner_than_they_are_held() -> None:
    sqs, _ = filled(12)
    receive = sqs.receive_message

    def very_slow(**arguments: Any) -> Any:
        sqs.now += 100
        return receive(**arguments)

    sqs.receive_message = very_slow  # type: ignore[method-assign]
    result = run(sqs, Selection(run_ids=frozenset({"none"})))
    assert result.moved == 0
    assert len(sqs.bodies(DEAD)) == 12
