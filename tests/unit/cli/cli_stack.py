"""A stack as CloudFormation makes it, and the command called on it."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from jetbridge_testing.template import resources
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from jetbridge.aws.items import marshal
from jetbridge.contract import Outcome
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.item import to_item
from jetbridge.runs.run import Run
from jetbridge_cli.main import app

REGION = "eu-west-1"
STACK = "bridge"
EVENT_PATTERN = {"source": ["aws.ecs"]}


def _queue(dead_letters: str | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {"VisibilityTimeout": 0}
    if dead_letters:
        arn = {"Fn::GetAtt": [dead_letters, "Arn"]}
        properties["RedrivePolicy"] = {"deadLetterTargetArn": arn, "maxReceiveCount": 1}
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def _table(name: str) -> dict[str, Any]:
    """As template.yaml has it, as far as moto's CloudFormation knows it."""
    properties = resources("AWS::DynamoDB::Table")[name]["Properties"]
    known = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {each: properties[each] for each in known},
    }


def _function(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": f"{STACK}-{name}",
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): ..."},
        },
    }


TEMPLATE = {
    "Resources": {
        "RunsTable": _table("RunsTable"),
        "OutcomesTable": _table("OutcomesTable"),
        "FinishQueue": _queue("FinishDeadLetters"),
        "FinishDeadLetters": _queue(),
        "StateChangeQueue": _queue("StateChangeDeadLetters"),
        "StateChangeDeadLetters": _queue(),
        "UndeliveredStateChanges": _queue(),
        "StartFailures": _queue(),
        "Unrelated": _queue(),
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": EVENT_PATTERN,
                "Targets": [
                    {
                        "Id": "queue",
                        "Arn": {"Fn::GetAtt": ["StateChangeQueue", "Arn"]},
                        "DeadLetterConfig": {
                            "Arn": {"Fn::GetAtt": ["UndeliveredStateChanges", "Arn"]}
                        },
                    }
                ],
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "StartRunFunction": _function("start-run"),
        "StopRunFunction": _function("stop-run"),
    }
}


@dataclass
class Bridge:
    """The stack ``bridge``: its queues by their logical ids, and the command."""

    queues: dict[str, str]
    tables: dict[str, str]

    def accepted(self, run: Run, **changed: Any) -> str:
        """Put a run's row, as start_run does; ``changed`` fields are what happened to it."""
        runs = DynamoRuns(client("dynamodb"), self.tables["RunsTable"], 300)
        assert runs.create(run)
        if changed:
            row = client("dynamodb").get_item(
                TableName=runs._table, Key=marshal({"run_id": run.run_id})
            )["Item"]
            row |= marshal(to_item(replace(run, **changed)))
            client("dynamodb").put_item(TableName=runs._table, Item=row)
        return run.run_id

    def sealed(self, outcome: Outcome) -> str:
        """Seal an outcome and take its run from the unfinished runs, as finish_run does."""
        DynamoOutcomes(client("dynamodb"), self.tables["OutcomesTable"]).seal(outcome)
        runs = DynamoRuns(client("dynamodb"), self.tables["RunsTable"], 300)
        runs.mark_finished(outcome.run_id)
        return outcome.run_id

    def call(self, *arguments: str) -> Result:
        """What ``jetbridge`` with these arguments and the stack's name comes to."""
        command = [*arguments, "--stack", STACK, "--region", REGION]
        return CliRunner().invoke(app, command, env={"COLUMNS": "200"})

    def json(self, *arguments: str) -> Any:
        result = self.call(*arguments, "--output", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def send(self, queue: str, *bodies: Any, **attributes: Any) -> list[str]:
        """The ids of messages put into a queue."""
        sqs = client("sqs")
        return [
            sqs.send_message(
                QueueUrl=self.queues[queue],
                MessageBody=body if isinstance(body, str) else json.dumps(body),
                **attributes,
            )["MessageId"]
            for body in bodies
        ]

    def bodies(self, queue: str) -> list[Any]:
        """The visible messages of a queue. They stay in it."""
        return [json.loads(message["Body"]) for message in self.messages(queue)]

    def messages(self, queue: str) -> list[dict[str, Any]]:
        url = self.queues[queue]
        found: dict[str, Any] = {}
        while True:
            answer = client("sqs").receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=60,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            if not answer.get("Messages"):
                break
            found |= {message["MessageId"]: message for message in answer["Messages"]}
        for message in found.values():
            client("sqs").change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return list(found.values())


@cache
def client(service: str) -> Any:
    """The tests' own client of a service. Making one takes longer than most of its calls."""
    make: Any = boto3.client
    return make(service, region_name=REGION)
