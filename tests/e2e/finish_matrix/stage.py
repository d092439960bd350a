"""What the suite runs on: the local cloud with the deployed stack, a proxy, and Airflow."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from deployed import Deployed

from finish_matrix.proxy import Proxy
from jetbridge_local.airflow import (
    UNHURRIED,
    AirflowClient,
    LocalAirflow,
    User,
    aws_connection,
    connection_variable,
)
from jetbridge_local.airflow_user import NAME as AIRFLOW_USER
from jetbridge_local.site.outcomes import Finished, OutcomesTable
from jetbridge_local.site.paths import in_repository
from jetbridge_local.site.site import Site

HERE = Path(__file__).parent
SLOW_SECONDS = 3.0
CONCURRENCY = 2
VISIBILITY_SECONDS = 10
SECRET = "airflows"
NOTIFY = "jetbridge-notify-airflow"
NOBODY_LISTENS = "http://127.0.0.1:9"

ADMIN = User("admin", "admin", "the-admins-password")
JETBRIDGE = User("jetbridge", "user", "the-password-of-jetbridge")
VIEWER = User("viewer", "viewer", "the-viewers-password")
ROTATING = User("rotating", "user", "the-password-before")
# Asset events take more than a user may (docs/explanation/finish.md).
LAKE = User("lake", "op", "the-password-of-the-lake")
USERS = (ADMIN, JETBRIDGE, VIEWER, ROTATING, LAKE)


class Stage:
    """Everything that runs, and what a test can ask it."""

    def __init__(self, folder: Path) -> None:
        self._paths = in_repository(folder)
        self._stop = ExitStack()
        self.record = folder / "callbacks.jsonl"
        self.record.touch()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.close()

    def _start(self) -> None:
        self.proxy = self._stop.enter_context(Proxy({"slow": SLOW_SECONDS}))
        self._site = self._stop.enter_context(
            Site(self._paths, caller="deployer", images=HERE / "images.yaml", step_seconds=0.05)
        )
        self.cloud = self._site.cloud
        self.airflow = self._airflow()
        self.proxy.upstream = self.airflow.url
        self._stop.callback(self.airflow.stop)
        self.airflow.start()
        self._deploy()
        self.airflow.wait_healthy()
        self.client: AirflowClient = self._stop.enter_context(self.airflow.client())
        self.client.wait_for_dag("finish_outage")

    def _airflow(self) -> LocalAirflow:
        region = self.cloud.settings.region
        blind = aws_connection(self.cloud.url, region, endpoints={"dynamodb": NOBODY_LISTENS})
        return self._site.airflow(
            HERE / "dags",
            environment=UNHURRIED
            | connection_variable("aws_without_feed", blind)
            | {"JETBRIDGE_MATRIX_RECORD": str(self.record)}
            # Few workers at a time end soon after they have deferred; the more of them share two
            # cores, the later does Airflow's scheduler see it, and the longer must a resume wait.
            | {"AIRFLOW__CORE__PARALLELISM": "4"}
            | {"AIRFLOW__JETBRIDGE__RESUME_HOLD_SECONDS": "20"}
            # Every task is deferred, and so finished in its own way.
            | {"AIRFLOW__JETBRIDGE__SHORT_RUN_SECONDS": "0"},
            templates=self._paths.root / ".local/airflow-templates",
            users=USERS,
        )

    def _deploy(self) -> None:
        self._secret = {
            "default": self._account("default", JETBRIDGE),
            "slow": self._account("slow", JETBRIDGE),
            "wrong": self._account("wrong", JETBRIDGE) | {"password": "not-the-password"},
            "viewer": self._account("viewer", VIEWER),
            "rotating": self._account("rotating", ROTATING),
            "lake": self._account("lake", LAKE),
        }
        self._secrets = self.cloud.client("secretsmanager")
        text = json.dumps(self._secret)
        arn = self._secrets.create_secret(Name=SECRET, SecretString=text)["ARN"]
        self._site.deploy(
            AirflowSecretArn=arn,
            NotifyConcurrency=str(CONCURRENCY),
            WatchedClusterArns="arn:aws:ecs:us-east-1:000000000000:cluster/jetbridge-example",
            AssetEvents="jetbridge-example-mat*@lake=s3://lake/orders",
        )
        self.deployed = Deployed(self.cloud)
        # One Airflow, which speaks under several names.
        for name in self._secret.keys() - {"default", "lake"}:
            policy = self.deployed.add_airflow(name)
            iam = self.deployed.client("iam")
            iam.attach_user_policy(UserName=AIRFLOW_USER, PolicyArn=policy)
        self.deployed.task_definition("jetbridge-example-matrix", "jetbridge-example/matrix:latest")
        self._sqs = self.deployed.client("sqs")
        # What comes back by the visibility timeout comes back in seconds rather than in minutes.
        self._sqs.set_queue_attributes(
            QueueUrl=self.queue("NotifyQueue"),
            Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)},
        )
        self._outcomes = OutcomesTable(
            self.deployed.client("dynamodb"), self.deployed.outputs["OutcomesTableName"]
        )

    def _account(self, name: str, user: User) -> dict[str, str]:
        url = f"{self.proxy.url}/{name}"
        return {"url": url, "username": user.name, "password": user.password}

    def change_secret(self, name: str, user: User) -> None:
        """Give one Airflow's entry another user, or another password."""
        self._secret[name] = self._account(name, user)
        self._secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps(self._secret))

    def printed_by_notify(self) -> str:
        """All that notify_airflow has logged."""
        pages = self.deployed.client("logs").get_paginator("filter_log_events")
        events = (
            event
            for page in pages.paginate(logGroupName=f"/aws/lambda/{NOTIFY}")
            for event in page["events"]
        )
        return "\n".join(event["message"] for event in events)

    def queue(self, name: str) -> str:
        """The address of one of the stack's queues, by its logical id."""
        return self.deployed.queue(name)

    def send(self, queue: str, message: dict[str, Any]) -> None:
        self._sqs.send_message(QueueUrl=self.queue(queue), MessageBody=json.dumps(message))

    def take(self, queue: str, wanted: str) -> dict[str, Any] | None:
        """Take a message that has a text in it off a queue."""
        answer = self._sqs.receive_message(
            QueueUrl=self.queue(queue), MaxNumberOfMessages=10, VisibilityTimeout=2
        )
        for message in answer.get("Messages", []):
            if wanted in message["Body"]:
                self._sqs.delete_message(
                    QueueUrl=self.queue(queue), ReceiptHandle=message["ReceiptHandle"]
                )
                body: dict[str, Any] = json.loads(message["Body"])
                return body
        return None

    def deliver_again(self, run_id: str, airflow: str = "default") -> None:
        """What SQS may do with any message: the run's finish, and its notice."""
        self.send("FinishQueue", {"run_id": run_id})
        self.send("NotifyQueue", {"run_id": run_id, "airflow": airflow})

    def outcome(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> Finished | None:
        """The sealed outcome of one try's run."""
        wanted = (dag_id, run_id, task_id, try_number)
        names = ("dag_id", "run_id", "task_id", "try_number")
        for finished in self._outcomes.all():
            if tuple(finished.caller.get(name) for name in names) == wanted:
                return finished
        return None

    def start_dag(self, dag_id: str) -> str:
        return self.client.trigger(dag_id).run_id
