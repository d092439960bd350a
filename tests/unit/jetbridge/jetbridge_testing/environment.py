"""The functions' environment on moto, named as template.yaml names it."""

from typing import Any

from jetbridge_testing.admission import ALLOWED
from jetbridge_testing.samples import REGION, STACK_KEY

QUEUES = ("launch", "finish", "logs", "stop", "notify")
_SQS = f"https://sqs.{REGION}.amazonaws.com/123456789012"

AIRFLOW_SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:airflow-a1b2c3"

ENVIRONMENT = {
    "AWS_REGION": REGION,
    "JETBRIDGE_STACK_KEY": STACK_KEY,
    "JETBRIDGE_STACK_NAME": "jetbridge",
    "JETBRIDGE_RUNS_TABLE": "RunsTable",
    "JETBRIDGE_OUTCOMES_TABLE": "OutcomesTable",
    **{f"JETBRIDGE_{name.upper()}_QUEUE_URL": f"{_SQS}/{name}" for name in QUEUES},
    "JETBRIDGE_DEAD_LETTERS_URL": f"{_SQS}/dead-letters",
    "JETBRIDGE_FINISH": "feed",
    "JETBRIDGE_AIRFLOW_SECRET_ARN": AIRFLOW_SECRET_ARN,
    "JETBRIDGE_TRACES_ENDPOINT": "",
    "JETBRIDGE_TRACES_SECRET_ARN": "",
    "JETBRIDGE_STOP_FUNCTION": "jetbridge-stop-run",
    "JETBRIDGE_LOG_BUCKET": "airflow-logs",
    "JETBRIDGE_LOG_PREFIX": "airflow/",
    "JETBRIDGE_LOG_GROUP": "airflow-mwaa-Task",
    "JETBRIDGE_LIVE_LOG_GROUPS": "/ecs/report,/aws/batch/job",
    "JETBRIDGE_LOG_READS_PER_SECOND": "5",
    "JETBRIDGE_SETTLE_SECONDS": "0",
    "JETBRIDGE_RESULT_WAIT_SECONDS": "900",
    "JETBRIDGE_SIZE_ADVICE": "off",
    "JETBRIDGE_CHECK_AFTER_SECONDS": "900",
    "JETBRIDGE_CONCURRENCY_GROUPS": "etl=2,ml=1",
    "JETBRIDGE_ECS_LAUNCHES_PER_SECOND": "20",
    "JETBRIDGE_BATCH_SUBMITS_PER_SECOND": "50",
    "JETBRIDGE_CLUSTER_ARNS": ",".join(ALLOWED.clusters),
    "JETBRIDGE_TASK_DEFINITION_ARNS": ",".join(ALLOWED.task_definitions),
    "JETBRIDGE_JOB_QUEUE_ARNS": ",".join(ALLOWED.job_queues),
    "JETBRIDGE_WATCHED_CLUSTER_ARNS": "",
    "JETBRIDGE_WATCHED_JOB_QUEUE_ARNS": "",
    "JETBRIDGE_ASSET_EVENTS": "",
    "JETBRIDGE_JOB_DEFINITION_ARNS": ",".join(ALLOWED.job_definitions),
    "JETBRIDGE_PASSABLE_ROLE_ARNS": ",".join(ALLOWED.roles),
    "JETBRIDGE_LOCKED_DEFINITION_ARNS": ",".join(ALLOWED.locked),
    "JETBRIDGE_OFFLOAD_BUCKET": "environments",
    "JETBRIDGE_OFFLOAD_PREFIX": "jetbridge/",
}


class Context:
    """What Lambda hands a handler, as far as powertools reads it."""

    function_name = "function"
    memory_limit_in_mb = 256
    invoked_function_arn = f"arn:aws:lambda:{REGION}:123456789012:function:function"
    aws_request_id = "5bbc9ea4-46a4-4b4f-8b3c-0a8b5f3d6c11"

    def get_remaining_time_in_millis(self) -> int:
        return 150_000


def create_queues(sqs: Any) -> None:
    for name in QUEUES:
        made = sqs.create_queue(QueueName=name)["QueueUrl"]
        assert made == ENVIRONMENT[f"JETBRIDGE_{name.upper()}_QUEUE_URL"]
    made = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    assert made == ENVIRONMENT["JETBRIDGE_DEAD_LETTERS_URL"]
