"""SQS and its event source mappings."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from probe_aws import Aws


def test_messages_reach_the_function_quickly(aws: Aws, stack: dict[str, str]) -> None:
    sqs = aws.client("sqs")
    warm_up = {"warm": True}
    sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=json.dumps(warm_up))
    aws.receive(stack["ResultQueue"], lambda got: len(got) == 1)
    took = []
    for number in range(5):
        sent = time.time()
        sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=json.dumps({"n": number}))
        [result] = aws.receive(stack["ResultQueue"], lambda got: len(got) == 1)
        took.append(result["at"] - sent)
        time.sleep(0.3)
    # Other programs only add time.
    assert min(took) < 0.5


def test_delay_is_kept_and_not_overslept(aws: Aws, stack: dict[str, str]) -> None:
    for _ in range(5):
        sent = time.time()
        aws.client("sqs").send_message(
            QueueUrl=stack["WorkQueue"], MessageBody=json.dumps({"late": True}), DelaySeconds=2
        )
        [result] = aws.receive(stack["ResultQueue"], lambda got: len(got) == 1)
        took = result["at"] - sent
        assert took >= 2
        if took < 2.8:
            return
    raise AssertionError(f"overslept five times, the last time {took - 2:.1f} s")


def test_only_failed_items_return_and_end_among_dead_letters(
    aws: Aws, stack: dict[str, str]
) -> None:
    entries = [
        {"Id": str(n), "MessageBody": json.dumps({"n": n, "fail": n == 3, "mark": "partial"})}
        for n in range(6)
    ]
    aws.client("sqs").send_message_batch(QueueUrl=stack["WorkQueue"], Entries=entries)
    results = aws.receive(stack["ResultQueue"], lambda got: len(got) >= 5)
    assert sorted(r["body"]["n"] for r in results) == [0, 1, 2, 4, 5]
    assert all(r["received"] == 1 for r in results)
    began = time.monotonic()
    dead = aws.receive(
        stack["DeadLetters"], lambda got: any(b.get("mark") == "partial" for b in got), 20
    )
    assert [b["n"] for b in dead if b.get("mark") == "partial"] == [3]
    assert time.monotonic() - began > 2, "the visibility time-out was not waited for"


def test_no_message_is_lost_between_senders_and_poller(aws: Aws, stack: dict[str, str]) -> None:
    """Deliveries from several threads while the poller takes and deletes."""
    count, senders = 300, 6
    sqs = aws.client("sqs", max_pool_connections=senders)

    def send(number: int) -> None:
        body = json.dumps({"race": number})
        sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=body)

    with ThreadPoolExecutor(senders) as threads:
        list(threads.map(send, range(count)))
    results = aws.receive(stack["ResultQueue"], lambda got: len(got) >= count, 40)
    assert sorted(r["body"]["race"] for r in results) == list(range(count))
    assert all(r["received"] == 1 for r in results)


def test_mapping_keeps_its_settings(aws: Aws, stack: dict[str, str]) -> None:
    [mapping] = aws.client("lambda").list_event_source_mappings(FunctionName=stack["Worker"])[
        "EventSourceMappings"
    ]
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_a_group_that_floods_a_queue_does_not_hold_back_another(aws: Aws) -> None:
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="fair")["QueueUrl"]
    for number in range(40):
        sqs.send_message(QueueUrl=queue, MessageBody=f"noisy {number}", MessageGroupId="noisy")
    received = _receive(sqs, queue, 5)
    assert [each["Body"] for each in received] == [f"noisy {n}" for n in range(5)]
    assert received[0]["Attributes"]["MessageGroupId"] == "noisy"
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=f"quiet {number}", MessageGroupId="quiet")
    sqs.send_message(QueueUrl=queue, MessageBody="alone")
    bodies = [each["Body"] for each in _receive(sqs, queue, 5)]
    assert bodies == ["quiet 0", "alone", "quiet 1", "quiet 2", "noisy 5"]


def test_groups_with_as_many_messages_in_flight_take_turns(aws: Aws) -> None:
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="turns")["QueueUrl"]
    for group in ("a", "b", "c"):
        for number in range(3):
            body = f"{group}{number}"
            sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId=group)
    order = []
    for _ in range(9):
        [message] = _receive(sqs, queue, 1)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        order.append(message["Body"])
    assert order == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_the_function_gets_a_quiet_group_s_message_before_a_flood_s_rest(
    aws: Aws, stack: dict[str, str]
) -> None:
    sqs = aws.client("sqs")
    flood = [{"Id": str(n), "MessageBody": json.dumps({"n": n, "sleep": 0.3})} for n in range(10)]
    for _ in range(6):
        entries = [entry | {"MessageGroupId": "flood"} for entry in flood]
        sqs.send_message_batch(QueueUrl=stack["WorkQueue"], Entries=entries)
    quiet = json.dumps({"n": "quiet"})
    sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=quiet, MessageGroupId="quiet")
    results = aws.receive(stack["ResultQueue"], lambda got: len(got) >= 61, 60)
    order = [each["body"]["n"] for each in sorted(results, key=lambda each: each["at"])]
    # Two functions with ten messages each were at work, and may have been once more.
    assert order.index("quiet") <= 40


def _receive(sqs: Any, queue: str, count: int) -> list[Any]:
    answer = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=count, MessageSystemAttributeNames=["MessageGroupId"]
    )
    messages: list[Any] = answer.get("Messages", [])
    return messages
