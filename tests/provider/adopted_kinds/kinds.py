"""Stock operators in more shapes that DAGs have; test_adopted_requests.py holds each against the
amazon provider's own request."""

from functools import partial
from pathlib import Path
from typing import Any

import yaml
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import DAG, task, task_group

TASK = {"cluster": "c", "task_definition": "t"}
JOB = {"job_name": "n", "job_definition": "d:3", "job_queue": "q"}
DEFAULTS = {
    "cluster": "of-the-defaults",
    "launch_type": "FARGATE",
    "network_configuration": {"awsvpcConfiguration": {"subnets": ["s"]}},
    "tags": {"team": "a"},
    "job_queue": "of-the-defaults",
    "wait_for_completion": False,
    "reattach": True,
}


class Shop(EcsRunTaskOperator):
    """A site's operator: own template fields, overrides made at the start."""

    template_fields = (*EcsRunTaskOperator.template_fields, "env")

    def __init__(self, *, env: Any = None, image_family: str = "shop", **keywords: Any) -> None:
        keywords = {"overrides": {}, "task_definition": image_family, "cluster": "c"} | keywords
        super().__init__(**keywords)
        self.env = env or {}

    def pre_execute(self, context: Any) -> None:
        self.tags = {"run": context["run_id"]}
        super().pre_execute(context)

    def execute(self, context: Any) -> Any:
        pairs = [{"name": name, "value": value} for name, value in self.env.items()]
        self.overrides = {"containerOverrides": [{"name": "main", "environment": pairs}]}
        return super().execute(context)


class Growing(BatchOperator):
    """More memory with each try."""

    def __init__(self, *, memory: int = 1024, **keywords: Any) -> None:
        super().__init__(**{"job_name": keywords["task_id"], **keywords})
        self.memory = memory

    def execute(self, context: Any) -> Any:
        size = str(self.memory * context["ti"].try_number)
        needs = [{"type": "MEMORY", "value": size}]
        self.container_overrides = {
            **(self.container_overrides or {}),
            "resourceRequirements": needs,
        }
        job_id = super().execute(context)
        return job_id  # noqa: RET504 as sites write it


with DAG("taskflow", schedule=None, render_template_as_native_obj=True, params={"n": 3}):

    @task(multiple_outputs=True)
    def plan() -> None:
        """See `test_adopted_requests.XCOMS`."""

    @task
    def shards() -> None:
        """See `test_adopted_requests.XCOMS`."""

    planned = plan()
    EcsRunTaskOperator.partial(
        task_id="each", cluster=planned["cluster"], task_definition="t"
    ).expand(overrides=shards())
    command = "{{ ti.xcom_pull('plan')['command'] }}"
    EcsRunTaskOperator(
        task_id="nested",
        overrides={
            "containerOverrides": [{"name": "main", "command": command, "cpu": "{{ 2 * 2 }}"}]
        },
        number_logs_exception="{{ params.n }}",
        **TASK,
    )
    EcsRunTaskOperator(
        task_id="whole",
        overrides="{{ {'cpu': '1 vCPU'} }}",
        tags="{{ {'n': params.n | string} }}",
        launch_type="{{ none }}",
        group="{{ none }}",
        **TASK,
    )
    BatchOperator(
        task_id="job",
        array_properties={"size": "{{ params.n }}"},
        container_overrides={"command": [planned["cluster"], "{{ ds }}"]},
        parameters="{{ none }}",
        **JOB,
    )

with DAG("mapped", schedule=None):
    BatchOperator.partial(task_id="kwargs", job_definition="d", job_queue="q").expand_kwargs(
        [{"job_name": "a"}, {"job_name": "b", "container_overrides": {"command": ["{{ ds }}"]}}]
    )
    Shop.partial(task_id="own").expand(env=[{"A": "1"}, {"A": "{{ ds }}"}])
    Growing.partial(task_id="job", job_definition="d", job_queue="q").expand(memory=[1, 2])
    partial(EcsRunTaskOperator.partial, **TASK)(task_id="partial").expand(
        overrides=[{}, {"memory": "512"}]
    )

    @task_group
    def group(name: Any) -> None:
        EcsRunTaskOperator(task_id="inside", cluster=name, task_definition="t", overrides={})

    group.expand(name=["x", "y"])

with DAG("defaults", schedule=None, default_args=DEFAULTS):
    EcsRunTaskOperator(task_id="task", task_definition="t", overrides={})
    EcsRunTaskOperator(
        task_id="strategy",
        task_definition="t",
        overrides={},
        capacity_provider_strategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    )
    BatchOperator(task_id="job", job_name="n", job_definition="d")
    Shop(task_id="own", env={"DAY": "{{ ds }}"})
    up = EcsRunTaskOperator(task_id="up", task_definition="up", overrides={}).as_setup()
    EcsRunTaskOperator(task_id="down", task_definition="down", overrides={}).as_teardown(setups=up)

with DAG("kinds", schedule=None) as kinds:
    POD = {
        "containers": [{"name": "main", "args": ["{{ ds }}"]}],
        "metadata": {"labels": {"a": "b"}},
    }
    NODE = {"targetNodes": "0:", "containerOverrides": {"command": ["{{ ds }}"]}}
    BatchOperator(task_id="eks", eks_properties_override={"podProperties": POD}, **JOB)
    BatchOperator(task_id="nodes", node_overrides={"nodePropertyOverrides": [NODE]}, **JOB)
    BatchOperator(task_id="share", share_identifier="UserA-1", submit_job_timeout=90, **JOB)
    EcsRunTaskOperator(
        task_id="empty", overrides={}, tags={}, placement_constraints=[], launch_type="", **TASK
    )
    late = EcsRunTaskOperator(task_id="late", overrides={}, **TASK)
    late.overrides = {"cpu": "{{ macros.ds_add(ds, 1) }}"}
    late.platform_version = "1.4.0"

for dag_id, tasks in yaml.safe_load(Path(__file__).with_name("factory.yaml").read_text()).items():
    with DAG(dag_id, schedule=None) as made:
        for each in tasks:
            {"ecs": EcsRunTaskOperator, "batch": BatchOperator}[each.pop("operator")](**each)
    globals()[dag_id] = made
