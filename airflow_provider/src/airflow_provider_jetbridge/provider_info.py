"""What Airflow's providers manager reads: operators, triggers and the configuration section."""

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
        "versions": ["0.1.0"],
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
                "python-modules": ["airflow_provider_jetbridge.sensors.run"],
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
                "python-modules": ["airflow_provider_jetbridge.triggers.run"],
            }
        ],
        "config": {"jetbridge": _CONFIG},
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
                "A trigger keeps its event until it has run for so many seconds, because Airflow "
                "fails a task that is resumed before the scheduler has seen it defer "
                "(apache/airflow#66374, #67287, #71580). Zero switches this off."
            ),
            "version_added": "0.1.0",
            "type": "float",
            "example": None,
            "default": "15.0",
        },
        "resumes_per_second": {
            "description": (
                "How many tasks a triggerer process resumes in a second. Airflow uploads the log "
                "of each ending trigger in the loop that also sends the triggerer's heartbeat, so "
                "a burst can make the scheduler take the triggerer for dead."
            ),
            "version_added": "0.1.0",
            "type": "float",
            "example": None,
            "default": "20.0",
        },
    },
}
