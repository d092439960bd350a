"""jetbridge doctor on the deployed stack.

IAM is enforced: the command speaks as the user ``operator``, who has the policies of
examples/operator.yaml and no others.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow_api import AirflowApi
from deployed import AIRFLOWS, Deployed
from operating import Operator

RUNBOOK = Path(__file__).parents[3] / "docs" / "how-to" / "runbook.md"


@pytest.fixture(scope="module")
def api() -> Iterator[AirflowApi]:
    with AirflowApi().serving() as served:
        yield served


@pytest.fixture(scope="module")
def operator(deployed: Deployed, api: AirflowApi) -> Iterator[Operator]:
    secrets = deployed.client("secretsmanager")
    before = secrets.get_secret_value(SecretId=AIRFLOWS)["SecretString"]
    text = json.dumps({"default": api.account})
    secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=text)
    operator = Operator(deployed)
    for url in deployed.client("sqs").list_queues()["QueueUrls"]:
        if "DeadLetters" in url or "Failures" in url or "Undelivered" in url:
            deployed.client("sqs").purge_queue(QueueUrl=url)
    yield operator
    secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=before)


def _said(operator: Operator, *arguments: str) -> tuple[int, dict[str, Any]]:
    process = operator.command("doctor", *arguments, "--output", "json")
    output, errors = process.communicate(timeout=120)
    assert output, errors
    return process.returncode, json.loads(output)


def test_a_healthy_stack(operator: Operator) -> None:
    code, said = _said(operator)
    assert said["findings"] == []
    assert said["unchecked"] == []
    assert code == 0
