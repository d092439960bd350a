"""SQS and its event source mappings."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from probe_aws import Aws


def test_messages_reach_the_function_quickly(aws: Aws, stack: dict[str, str]) -> None:
    sqs = aws.client("sqs")
    warm_up = {"warm": True}
    sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=json.dumps(warm_up))
    aws.receive(stack["ResultQueue"], lambda got: len(got) == 1)
    for number in range(5):
        sent = time.time()
        sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=json.dumps({"n": number}))
        [result] = aws.receive(stack["ResultQueue"], lambda got: len(got) == 1)
        assert result["at"] - sent < 0.5
        time.sleep(0.3)


def test_delay_is_kept_and_not_overslept(aws: Aws, stack: dict[str, str]) -> None:
    sent = time.time()
    aws.client("sqs").send_message(
        QueueUrl=stack["WorkQueue"], MessageBody=json.dumps({"late": True}), DelaySeconds=2
    )
    [result] = aws.receive(stack["ResultQueue"], lambda got: len(got) == 1)
    assert 2 <= result["at"] - sent < 2.8


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
