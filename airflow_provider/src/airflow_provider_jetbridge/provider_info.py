"""The metadata that Airflow's providers manager reads: operators, triggers, links, the connection
type and the configuration section."""

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata (airflow/provider_info.schema.json)."""
    return {
        "package-name": "airflow-provider-jetbridge",
        "name": "Jetbridge",
        "description": (
            "Runs containers on Amazon ECS and AWS Batch without holding a worker "
            "and without polling AWS while they run."
        ),
        "versions": ["0.2.0"],
        "integrations": [
            {
                "integration-name": "Jetbridge",
                "external-doc-url": "https://aws.amazon.com/ecs/",
                "tags": ["aws"],
            }
        ],
        "operators": [
            {
                "integration-name": "Jetbridge",
                "python-modules": [
                    "airflow_provider_jetbridge.operators.ecs",
                    "airflow_provider_jetbridge.operators.batch",
                    "airflow_provider_jetbridge.operators.stop",
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": "Jetbridge",
                "python-modules": [
                    "airflow_provider_jetbridge.sensors.batch",
                    "airflow_provider_jetbridge.sensors.ecs",
                    "airflow_provider_jetbridge.sensors.run",
                ],
            }
        ],
        "hooks": [
            {
                "integration-name": "Jetbridge",
                "python-modules": ["airflow_provider_jetbridge.hooks.jetbridge"],
            }
        ],
        "triggers": [
            {
                "integration-name": "Jetbridge",
                "python-modules": [
                    "airflow_provider_jetbridge.triggers.foreign",
                    "airflow_provider_jetbridge.triggers.run",
                ],
            }
        ],
        "connection-types": [CONNECTION_TYPE],
        "extra-links": [
            f"airflow_provider_jetbridge.links.buttons.{name}"
            for name in ("BatchJobLink", "ContainerLogLink", "EcsTaskLink", "JetbridgeRunLink")
        ],
        "config": {"jetbridge": _CONFIG},
    }


CONNECTION_TYPE: dict[str, Any] = {
    "connection-type": "jetbridge",
    "hook-class-name": "airflow_provider_jetbridge.hooks.jetbridge.JetbridgeHook",
    # Airflow 3.0 and 3.1 don't know the rest. `hooks.form` gives it to them in another form.
    "hook-name": "Jetbridge",
    "conn-fields": {
        "stack": {
            "label": "Stack",
            "description": (
                "Name or ARN of Jetbridge's CloudFormation stack, or ARN of its start function. "
                "Empty: what [jetbridge] stack says."
            ),
            "schema": {"type": ["string", "null"]},
        },
        "region_name": {
            "label": "Region",
            "description": "The stack's region. Empty: that of its ARN, or of the AWS connection.",
            "schema": {"type": ["string", "null"]},
        },
        "aws_conn_id": {
            "label": "AWS connection",
            "description": "Connection id of the AWS connection to use. Empty: aws_default.",
            "schema": {"type": ["string", "null"]},
        },
    },
    "ui-field-behaviour": {
        "hidden-fields": ["host", "schema", "login", "password", "port", "extra"],
        "relabeling": {},
        "placeholders": {
            "stack": "jetbridge",
            "region_name": "eu-central-1",
            "aws_conn_id": "aws_default",
        },
    },
}

_CONFIG: dict[str, Any] = {
    "description": "How Airflow talks to Jetbridge.",
    "options": {
        "stack": {
            "description": (
                "Name of the CloudFormation stack of Jetbridge that serves this Airflow. "
                "Operators override it with ``jetbridge_stack``."
            ),
            "version_added": "0.1.0",
            "type": "string",
            "example": "jetbridge-production",
            "default": "jetbridge",
        },
        "airflow": {
            "description": (
                "This Airflow's name in the stack, by which the stack tells Airflows apart: "
                "Airflow invokes the alias ``airflow-<name>`` of its functions (``airflow`` for "
                "``default``), and its secret has this Airflow's address under this name."
            ),
            "version_added": "0.2.0",
            "type": "string",
            "example": "finance",
            "default": "default",
        },
        "adopt": {
            "description": (
                "Whose stock ``EcsRunTaskOperator`` and ``BatchOperator`` tasks run through "
                "Jetbridge without an edit: patterns of DAG ids (``etl_*``) and of DAG tags "
                "(``tag:nightly``), separated by commas; a ``!`` before one leaves out what "
                "matches. Empty: none are. The DAG processor and the workers must have the same "
                "value."
            ),
            "version_added": "0.2.0",
            "type": "string",
            "example": "etl_*, tag:nightly, !etl_legacy",
            "default": "",
        },
        "adopt_percent": {
            "description": (
                "The share of those tasks that is adopted, 0 to 100. Always the same tasks; a "
                "larger share has those of a smaller one."
            ),
            "version_added": "0.2.0",
            "type": "float",
            "example": "10",
            "default": "100",
        },
        "poll_interval_seconds": {
            "description": (
                "Seconds between two reads of the outcomes table. There is one reader per "
                "triggerer process, however many tasks wait."
            ),
            "version_added": "0.1.0",
            "type": "float",
            "example": None,
            "default": "1.0",
        },
        "resume_hold_seconds": {
            "description": (
                "How many seconds a trigger runs at least before it sends its event, because "
                "Airflow fails a task that is resumed before the scheduler has seen it defer "
                "(apache/airflow#66374, #67287, #71580). Zero switches this off."
            ),
            "version_added": "0.1.0",
            "type": "float",
            "example": None,
            "default": "15.0",
        },
        "short_run_seconds": {
            "description": (
                "If a task's last run took fewer seconds than this, its worker waits for the next "
                "run, at most for this time. The task isn't deferred, so ``resume_hold_seconds`` "
                "doesn't hold it back. With zero, every task is deferred at once. Workers read "
                "this option."
            ),
            "version_added": "0.3.0",
            "type": "float",
            "example": None,
            "default": "10.0",
        },
        "resumes_per_second": {
            "description": (
                "The most tasks that a triggerer process resumes in a second. Airflow uploads the "
                "log of each ending trigger in the loop that also sends the triggerer's "
                "heartbeat. So a burst can make a peer take the triggerer for dead. While uploads "
                "are slow, fewer tasks are resumed."
            ),
            "version_added": "0.1.0",
            "type": "float",
            "example": None,
            "default": "20.0",
        },
    },
}
