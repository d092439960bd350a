"""DAGs as different teams write them, for the amazon provider's operators."""

from datetime import datetime, timedelta

import airflow.providers.amazon.aws.operators.batch as batches
import pendulum
from airflow import DAG
from airflow.models.baseoperator import cross_downstream
from airflow.providers.amazon.aws.operators import ecs as ecs_operators
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, BaseNotifier, Param, TaskGroup, dag, task, task_group
from airflow.timetables.interval import CronDataIntervalTimetable
from site_lib.operators import AuditedJob, Dbt, DbtTest, Dry, Size, SkipsBadImages, Spark

START = pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")
TASK = {"cluster": "c", "task_definition": "d", "launch_type": "FARGATE", "overrides": {}}
JOB = {"job_name": "n", "job_queue": "q", "job_definition": "d"}
RAW = Asset("s3://bucket/raw")


class Tell(BaseNotifier):
    template_fields = ("words",)

    def __init__(self, words):
        super().__init__()
        self.words = words

    def notify(self, context):
        print(self.words, context["task"].arn)


@dag(
    start_date=datetime(2026, 1, 1),
    schedule="@yearly",
    catchup=False,
    default_args={"retries": 2, "retry_exponential_backoff": True},
)
def taskflow():
    @task
    def build(ds=None):
        return {"containerOverrides": [{"name": "main", "command": ["etl", ds]}]}

    @task(trigger_rule="all_done")
    def after(arn):
        return arn

    subnets = "{{ (var.value.get('subnets', 'a,b')).split(',') }}"
    run = EcsRunTaskOperator(
        task_id="run",
        cluster="c",
        task_definition="etl:3",
        overrides=build(),
        network_configuration={"awsvpcConfiguration": {"subnets": subnets}},
    )
    after(run.output["ecs_task_arn"])


taskflow()

with DAG("mapped", start_date=START, schedule=None):

    @task
    def names():
        return ["x", "y"]

    listed = names()
    BatchOperator.partial(task_id="jobs", job_queue="q", job_definition="d").expand_kwargs(
        listed.map(lambda name: {"job_name": name, "parameters": {"who": name}})
    )
    EcsRunTaskOperator.partial(task_id="lazy", task_definition="d", cluster="c").expand(
        overrides=listed.map(lambda name: {"cpu": name})
    )
    Spark.partial(task_id="own", size=Size(1, 2)).expand(arguments=[["a"], ["{{ ds }}"]])

with DAG("groups", start_date=START, schedule=None, fail_fast=True):
    outer = TaskGroup("outer", default_args={"cluster": "other"}, prefix_group_id=False)
    with outer, TaskGroup("inner"):
        EcsRunTaskOperator(task_id="a", task_definition="d", overrides={})
    up = EcsRunTaskOperator(task_id="up", **TASK).as_setup()
    down = EcsRunTaskOperator(task_id="down", **TASK).as_teardown(
        setups=up, on_failure_fail_dagrun=True
    )
    up >> EmptyOperator(task_id="between") >> down

    @task_group(group_id="each")
    def each_of(name):
        EcsRunTaskOperator(task_id="t", tags={"name": name}, **TASK)

    each_of.expand(name=["1", "2"])

with DAG("branches", start_date=START, schedule=None, params={"size": "small"}):

    @task.branch
    def which(params=None):
        return params["size"]

    small = BatchOperator(task_id="small", **JOB, array_properties={"size": 3})
    large = BatchOperator(task_id="large", **JOB)
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    which() >> [small, large] >> join

with DAG("own_operators", start_date=START, schedule=None, tags=["site"], params={"dry": True}):
    Dbt(task_id="run", select="tag:{{ ds_nodash }}") >> DbtTest(task_id="test", select="a")
    Spark(task_id="spark", size=Size(256, 512), arguments=["{{ run_id }}"])
    AuditedJob(task_id="job", cost_center="42", job_name="n", job_definition="d")
    Dry(task_id="dry", **TASK)
    SkipsBadImages(task_id="stays", **TASK)

with DAG("told", start_date=START, schedule=None):
    EcsRunTaskOperator(
        task_id="told",
        on_success_callback=[lambda context: print(context["task"].cluster), Tell("done {{ ds }}")],
        on_failure_callback=Tell("bad"),
        execution_timeout=timedelta(minutes=30),
        outlets=[RAW],
        **TASK,
    )
    EcsRunTaskOperator(task_id="quiet", do_xcom_push=False, skip_on_exit_code=[42], **TASK)

with DAG("of_assets", start_date=START, schedule=[RAW]):
    run_id = "{{ (triggering_asset_events.values() | first | first).source_run_id }}"
    command = [{"name": "main", "command": [run_id]}]
    EcsRunTaskOperator(task_id="consume", **(TASK | {"overrides": {"containerOverrides": command}}))

with DAG(
    "native",
    start_date=START,
    schedule=None,
    render_template_as_native_obj=True,
    params={"cpu": Param(512, type="integer"), "tags": Param({"k": "v"}, type="object")},
):
    EcsRunTaskOperator(
        task_id="native",
        cluster="c",
        task_definition="d",
        overrides={"cpu": "{{ params.cpu | string }}"},
        tags="{{ params.tags }}",
        wait_for_completion="{{ false }}",
    )
    BatchOperator(task_id="nowait", wait_for_completion=False, **JOB)

old = DAG(
    "old_style",
    default_args={"owner": "me", "start_date": datetime(2026, 1, 1), "retries": 1},
    schedule="@once",
    max_active_tasks=4,
)
tasks = [ecs_operators.EcsRunTaskOperator(task_id=f"t_{n}", dag=old, **TASK) for n in range(2)]
cross_downstream(tasks, [batches.BatchOperator(task_id="b", dag=old, deferrable=True, **JOB)])
for made in tasks:
    made.overrides = {**made.overrides, "cpu": "{{ macros.ds_add(ds, 1) }}"}

with DAG(
    "intervals",
    schedule=CronDataIntervalTimetable("0 6 * * 1-5", timezone="Europe/Berlin"),
    start_date=START,
    catchup=False,
    user_defined_macros={"env": lambda: "prod"},
):
    times = ["{{ data_interval_start }}", "{{ env() }}"]
    job = BatchOperator(task_id="job", container_overrides={"command": times}, **JOB)
    cluster = "{{ ti.xcom_pull(task_ids='job') }}"
    EcsRunTaskOperator(task_id="after", **(TASK | {"cluster": cluster})) << job


def of_file(name, kind):
    with DAG(f"made_{name}", start_date=START, schedule=None) as made:
        first = kind(task_id="first", **(TASK if kind is EcsRunTaskOperator else JOB))
        first >> type(first)(task_id="second", **(TASK if kind is EcsRunTaskOperator else JOB))
    return made


made_ecs, made_batch = of_file("ecs", EcsRunTaskOperator), of_file("batch", BatchOperator)
