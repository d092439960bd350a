"""The deployed stacks, as a caller and an operator see them."""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.site.stack import Stack

CALLER = "tests"
EVENTS = Path(__file__).parents[3] / "events" / "state_changes"
ANOTHER_AIRFLOW = Path(__file__).parents[3] / "examples" / "another-airflow.yaml"
OPERATOR = Path(__file__).parents[3] / "examples" / "operator.yaml"
# The example's cluster and job queue.
EXAMPLE = "jetbridge-example"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}
LOG_OPTIONS = {
    "awslogs-group": "/jetbridge/example",
    "awslogs-region": "us-east-1",
    "awslogs-stream-prefix": "test",
}


# The one log group that live logs are on for.
LIVE_GROUP = "/jetbridge/live"
# Where an Airflow on Amazon MWAA would keep its task logs.
AIRFLOW_GROUP = "airflow-example-Task"
# The secret with the accounts of Airflows; a test puts in those that it serves.
AIRFLOWS = "airflows"
AIRFLOW_SECRET = "AirflowSecretArn"
# Airflow's logs, and large environments.
BUCKET = "jetbridge-example-logs"


class FunctionFailed(Exception):
    """The function raised; ``kind`` is Lambda's errorType."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["errorMessage"])
        self.kind = error["errorType"]


def encrypt_bucket(cloud: LocalCloud, key: str) -> None:
    """Give the bucket a customer's key, so that IAM asks for the key, too."""
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    }
    cloud.client("s3").put_bucket_encryption(
        Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )


class Deployed(Stack):
    def __init__(self, cloud: LocalCloud) -> None:
        super().__init__("jetbridge", cloud, CALLER)

    def invoke(
        self,
        function: str,
        event: dict[str, Any],
        alias: str = "$LATEST",
        caller: str = CALLER,
    ) -> dict[str, Any]:
        """The function's answer. Raises FunctionFailed."""
        answer = self.client("lambda", caller).invoke(
            FunctionName=f"jetbridge-{function}", Qualifier=alias, Payload=json.dumps(event)
        )
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionFailed(payload)
        return payload

    def add_airflow(self, name: str) -> str:
        """Deploy what another Airflow needs to use the stack under a name of its own.

        Returns the ARN of the policy that its role needs.
        """
        formation = self.client("cloudformation")
        parameters = {
            "AirflowName": name,
            "OutcomesTableArn": self.outputs["OutcomesTableArn"],
            "StartFailuresArn": self.outputs["StartFailuresArn"],
        }
        formation.create_stack(
            StackName=f"jetbridge-airflow-{name}",
            TemplateBody=ANOTHER_AIRFLOW.read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        formation.get_waiter("stack_create_complete").wait(
            StackName=f"jetbridge-airflow-{name}", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        described = formation.describe_stacks(StackName=f"jetbridge-airflow-{name}")
        [output] = described["Stacks"][0]["Outputs"]
        return str(output["OutputValue"])

    def make_operator(self) -> None:
        """The user ``operator``, with the rights that docs/reference/cli.md asks for."""
        name = "jetbridge-operator"
        formation, iam = self.client("cloudformation"), self.client("iam")
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName="operator")
            formation.create_stack(
                StackName=name,
                TemplateBody=OPERATOR.read_text(),
                Capabilities=["CAPABILITY_IAM"],
                Parameters=[
                    {"ParameterKey": given, "ParameterValue": value}
                    for given, value in (
                        (AIRFLOW_SECRET, self.parameter(AIRFLOW_SECRET)),
                        ("KmsKeyArns", self.parameter("KmsKeyArns")),
                        ("ScheduleRoleArn", self.schedule_role()),
                    )
                ],
            )
            waiter = formation.get_waiter("stack_create_complete")
            waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        [described] = formation.describe_stacks(StackName=name)["Stacks"]
        for output in described["Outputs"]:
            iam.attach_user_policy(UserName="operator", PolicyArn=output["OutputValue"])

    def schedule_role(self) -> str:
        """The ARN of the role with which the example's schedule starts runs."""
        schedule = self.client("scheduler").get_schedule(Name="jetbridge-example-report")
        return str(schedule["Target"]["RoleArn"])

    def parameter(self, name: str) -> str:
        """What the stack was deployed with."""
        [stack] = self.client("cloudformation").describe_stacks(StackName="jetbridge")["Stacks"]
        [value] = [
            each["ParameterValue"] for each in stack["Parameters"] if each["ParameterKey"] == name
        ]
        return str(value)

    def start(self, **request: Any) -> str:
        """Start a run as a person; its run id."""
        request = {
            "caller": {"kind": "person", "name": "tester"},
            "idempotency_key": str(uuid.uuid4()),
        } | request
        return str(self.invoke("start-run", request)["run_id"])

    def outcome(self, run_id: str, timeout: float = 240) -> dict[str, Any]:
        """The sealed outcome, waited for."""
        return self.wait(lambda: self.sealed(run_id), timeout, f"outcome of {run_id}")

    def sealed(self, run_id: str) -> dict[str, Any] | None:
        return self._told(run_id, "outcome")

    def launched(self, run_id: str) -> dict[str, Any] | None:
        """What the run was launched as; None before that, and when its outcome is sealed."""
        return self._told(run_id, "launched")

    def _told(self, run_id: str, attribute: str) -> dict[str, Any] | None:
        answer = self.client("dynamodb").get_item(
            TableName=self.outputs["OutcomesTableName"], Key={"run_id": {"S": run_id}}
        )
        text = answer.get("Item", {}).get(attribute)
        return None if text is None else json.loads(text["S"])

    def row(self, run_id: str) -> dict[str, Any]:
        answer = self.client("dynamodb").get_item(
            TableName=self.outputs["RunsTableName"],
            Key={"run_id": {"S": run_id}},
            ConsistentRead=True,
        )
        item: dict[str, Any] = answer["Item"]
        return item

    def requested_with(self, text: str) -> list[str]:
        """The ids of the runs whose request has a text in it."""
        rows = self.client("dynamodb").scan(TableName=self.outputs["RunsTableName"])["Items"]
        runs = [row for row in rows if "request" in row]
        return [row["run_id"]["S"] for row in runs if text in row["request"]["S"]]

    def launch_name(self, run_id: str, launch: int = 1) -> str:
        """What ECS has as ``startedBy`` of one of the run's launches."""
        stack = self.client("cloudformation").describe_stacks(StackName="jetbridge")["Stacks"][0]
        return f"jb-{stack['StackId'].rsplit('/', 1)[-1][:8]}-{run_id}-{launch}"

    def interrupt(self, run_id: str, task_arn: str) -> None:
        """Deliver what ECS says of a task that Fargate Spot has taken back."""
        event = json.loads((EVENTS / "ecs_spot_interruption.json").read_text())
        row = self.row(run_id)
        event["detail"] |= {
            "taskArn": task_arn,
            "startedBy": self.launch_name(run_id),
            "clusterArn": f"arn:aws:ecs:us-east-1:000000000000:cluster/{row['place']['S']}",
            "taskDefinitionArn": row["definition_arn"]["S"],
            "version": 99,
        }
        self.client("sqs").send_message(
            QueueUrl=self.queue("StateChangeQueue"), MessageBody=json.dumps(event)
        )

    def let_rules_send(self, url: str, arn: str) -> None:
        """Give a queue the policy without which EventBridge may not send to it."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": json.dumps(policy)}
        )

    def counted(self, metric: str, function: str) -> float:
        """The sum of a metric of AWS/Lambda for one function in the last hour."""
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=time.time() - 3600,
            EndTime=time.time() + 60,
            Period=3600,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    def make_due(self, run_id: str) -> None:
        """Let the sweeper find the run, as one without news for long."""
        self.client("dynamodb").update_item(
            TableName=self.outputs["RunsTableName"],
            Key={"run_id": {"S": run_id}},
            UpdateExpression="SET check_at = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )

    def wait[T](self, look: Callable[[], T | None], timeout: float, what: str) -> T:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what} didn't come within {timeout} s")

    def wait_running(self, run_id: str) -> None:
        def running() -> bool:
            return "started_at" in (self.launched(run_id) or {})

        self.wait(running, 240, f"{run_id} running")

    def task_definition(self, family: str, image: str, **container: Any) -> str:
        """Register a task definition with one container named ``main``; the family's name."""
        self.client("ecs").register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn="arn:aws:iam::000000000000:role/jetbridge-example-execution",
            containerDefinitions=[
                {
                    "name": "main",
                    "image": image,
                    "logConfiguration": {"logDriver": "awslogs", "options": LOG_OPTIONS},
                }
                | container
            ],
        )
        return family


def ecs_task(family: str, **overrides: str) -> dict[str, Any]:
    """RunTask parameters; ``overrides`` are environment variables of the example's container."""
    container = family.removeprefix("jetbridge-example-")
    environment = [{"name": name, "value": value} for name, value in overrides.items()]
    parameters = {
        "cluster": "jetbridge-example",
        "taskDefinition": family,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
    }
    if environment:
        parameters["overrides"] = {
            "containerOverrides": [{"name": container, "environment": environment}]
        }
    return parameters


def batch_job(definition: str, **overrides: str) -> dict[str, Any]:
    environment = [{"name": name, "value": value} for name, value in overrides.items()]
    return {
        "jobName": "test",
        "jobQueue": "jetbridge-example",
        "jobDefinition": definition,
        "containerOverrides": {"environment": environment},
    }


REPORT = {
    "dag_run_ts": "2026-11-23T00:00:00+00:00",
    "dag_run_date": "2026-11-23",
    "seconds_per_line": "0.01",
}
