"""What an operator does to a deployed stack: breaks it, fixes it, calls the command."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deployed import EVENTS, Deployed

COMMAND = Path(sys.prefix).parent / "cli" / "bin" / "jetbridge"
TABLE = "JETBRIDGE_RUNS_TABLE"
NO_TABLE = "no-such-table"
_FAR = 10**10


class Operator:
    """Speaks to the stack as its operator does."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.sqs = deployed.client("sqs")
        deployed.make_operator()

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """The command as a process of its own."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            [str(COMMAND), *arguments, "--stack", "jetbridge"],
            env=environment | self.deployed.cloud.environment("operator"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> str:
        """What the command prints; it ends well."""
        process = self.command(*arguments)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, output + errors
        return output

    def json(self, *arguments: str) -> Any:
        return json.loads(self.call(*arguments, "--output", "json"))

    def url(self, queue: str) -> str:
        return self.deployed.queue(queue)

    def depth(self, queue: str) -> int:
        """How many messages a queue has, whether or not anybody has received them."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.url(queue), AttributeNames=["All"]
        )["Attributes"]
        return sum(
            int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible")
        )

    def send(self, queue: str, bodies: list[str]) -> list[str]:
        """The ids of the messages."""
        ids = []
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + 10])
            ]
            answer = self.sqs.send_message_batch(QueueUrl=self.url(queue), Entries=entries)
            ids += [each["MessageId"] for each in answer["Successful"]]
        return ids

    @contextmanager
    def broken(self, function: str) -> Iterator[None]:
        """The function has a bad environment variable: there is no such table."""
        functions = self.deployed.client("lambda")
        name = self.deployed.functions[function]
        environment = functions.get_function_configuration(FunctionName=name)["Environment"]
        changed = {"Variables": environment["Variables"] | {TABLE: NO_TABLE}}
        functions.update_function_configuration(FunctionName=name, Environment=changed)
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=name, Environment=environment)

    @contextmanager
    def giving_up(self, queue: str, attempts: int, after_seconds: int) -> Iterator[None]:
        """The queue gives a message up sooner than the template has it."""
        url = self.url(queue)
        names = ["VisibilityTimeout", "RedrivePolicy"]
        before = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        policy = json.loads(before["RedrivePolicy"]) | {"maxReceiveCount": attempts}
        sooner = {"VisibilityTimeout": str(after_seconds), "RedrivePolicy": json.dumps(policy)}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes=sooner)
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    @contextmanager
    def closed(self, queue: str) -> Iterator[None]:
        """Nobody's rule may send to the queue."""
        url = self.url(queue)
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=answer["Attributes"])

    def wait_depth(self, queue: str, number: int, timeout: float = 90) -> None:
        def reached() -> bool:
            return self.depth(queue) >= number

        self.deployed.wait(reached, timeout, f"{number} messages in {queue}")


class Copies:
    """Many runs, as rows of the runs table: copies of one that ECS runs."""

    def __init__(self, deployed: Deployed, run_id: str, number: int) -> None:
        self._deployed = deployed
        self._row = deployed.row(run_id)
        self.run_ids = [
            "".join(random.choices("abcdefghijklmnopqrstuvwxyz234567", k=20)) for _ in range(number)
        ]

    def write(self, **changed: Any) -> None:
        """Write the rows, some attributes changed; the sweeper leaves them alone."""
        rows = [
            self._row
            | {"run_id": {"S": run_id}, "backend_id": {"S": self._task(run_id)}}
            | {"check_at": {"N": str(_FAR)}}
            | changed
            for run_id in self.run_ids
        ]
        self._write([{"PutRequest": {"Item": row}} for row in rows])

    def delete(self) -> None:
        self._write([{"DeleteRequest": {"Key": {"run_id": {"S": each}}}} for each in self.run_ids])

    def _write(self, requests: list[dict[str, Any]]) -> None:
        table = self._deployed.outputs["RunsTableName"]
        dynamodb = self._deployed.client("dynamodb")
        for start in range(0, len(requests), 25):
            batch = {table: requests[start : start + 25]}
            assert not dynamodb.batch_write_item(RequestItems=batch)["UnprocessedItems"]

    def events(self) -> list[str]:
        """What ECS says of each one's end."""
        sample = json.loads((EVENTS / "ecs_stopped_exit_0.json").read_text())
        name = self._deployed.launch_name("RUN")
        detail = sample["detail"] | {
            "clusterArn": f"arn:aws:ecs:us-east-1:000000000000:cluster/{self._row['place']['S']}",
            "taskDefinitionArn": self._row["definition_arn"]["S"],
            "version": 99,
        }
        return [
            json.dumps(
                sample
                | {
                    "detail": detail
                    | {"taskArn": self._task(run_id), "startedBy": name.replace("RUN", run_id)}
                }
            )
            for run_id in self.run_ids
        ]

    def outcomes(self) -> dict[str, dict[str, Any]]:
        """The outcomes sealed so far, by run id."""
        pages = self._deployed.client("dynamodb").get_paginator("scan")
        wanted = set(self.run_ids)
        return {
            item["run_id"]["S"]: json.loads(item["outcome"]["S"])
            for page in pages.paginate(TableName=self._deployed.outputs["OutcomesTableName"])
            for item in page["Items"]
            if item["run_id"]["S"] in wanted and "outcome" in item
        }

    def _task(self, run_id: str) -> str:
        return f"arn:aws:ecs:us-east-1:000000000000:task/{self._row['place']['S']}/{run_id}"


class Announcements:
    """Every "Jetbridge Run Finished" event since this was made."""

    def __init__(self, deployed: Deployed, name: str) -> None:
        self._sqs = deployed.client("sqs")
        self._events = deployed.client("events")
        self._name = name
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        deployed.let_rules_send(self._url, arn)
        pattern = '{"source": ["jetbridge"], "detail-type": ["Jetbridge Run Finished"]}'
        self._events.put_rule(Name=name, EventPattern=pattern)
        self._events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def received(self) -> list[dict[str, Any]]:
        """The events' details."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return found
            found += [json.loads(message["Body"])["detail"] for message in messages]
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def close(self) -> None:
        self._events.remove_targets(Rule=self._name, Ids=["queue"])
        self._events.delete_rule(Name=self._name)
        self._sqs.delete_queue(QueueUrl=self._url)
