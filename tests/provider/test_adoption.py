"""Stock operators adopted by the cluster policy: which, how, and back again."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.common.compat.sdk import AirflowException, TaskDeferred
from airflow.sdk import DAG, Param, task, task_group
from fake_aws import ANSWER, FakeLambda
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.adopt import policy, tasks
from airflow_provider_jetbridge.adopt.choice import Choice, share
from airflow_provider_jetbridge.exceptions import TaskDeferralError
from airflow_provider_jetbridge.operators.batch import BatchOperator as JetbridgeBatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator as JetbridgeEcsOperator
from airflow_provider_jetbridge.operators.run import JetbridgeRunOperator
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger
from jetbridge.contract import State

ARN = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"
STOPPING = {"stopping": ["01k8run"], "already_ended": [], "unknown": []}
ECS: dict[str, Any] = {"task_id": "job", "task_definition": "t", "cluster": "c", "overrides": {}}
MORE_OF_ECS = {
    "tags": {"a": "b"},
    "group": "g",
    "reattach": True,
    "execution_timeout": timedelta(minutes=3),
    "skip_on_exit_code": 99,
}
BATCH: dict[str, Any] = {"task_id": "job", "job_name": "n", "job_definition": "d", "job_queue": "q"}


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set ``[jetbridge] adopt`` and ``adopt_percent`` as the environment does."""

    def set_options(adopt: str, percent: str = "100") -> None:
        monkeypatch.setenv("AIRFLOW__JETBRIDGE__ADOPT", adopt)
        monkeypatch.setenv("AIRFLOW__JETBRIDGE__ADOPT_PERCENT", percent)
        tasks._choice.cache_clear()

    yield set_options
    tasks._choice.cache_clear()


def parsed(dag: DAG) -> DAG:
    """The DAG after its policies, as the DagBag leaves it (dagbag.py, ``bag_dag``)."""
    for each in dag.tasks:
        policy.task_policy(each)
    return dag


def only(operator: Any, **keywords: Any) -> Any:
    """A task of a DAG of its own, after the policy."""
    with DAG("etl_daily", schedule=None):
        made = operator(**keywords)
    policy.task_policy(made)
    return made


class TestWhichTasks:
    @pytest.mark.parametrize(
        ("adopt", "chosen"),
        [
            ("", False),
            ("etl_daily", True),
            ("etl_*", True),
            ("ETL_*", False),
            ("other, etl_?aily", True),
            ("other\netl_[cd]aily", True),
            ("tag:nightly", True),
            ("tag:night*", True),
            ("tag:etl_daily", False),
            ("nightly", False),
            ("*, !etl_daily", False),
            ("!etl_daily, *", False),
            ("etl_*, ! tag:nightly", False),
            ("!other", False),
        ],
    )
    def test_patterns_are_of_dag_ids_and_tags(self, adopt: str, chosen: bool) -> None:
        choice = Choice.of(adopt)
        assert choice.of_task("etl_daily", {"nightly"}, "job").yes is chosen

    @pytest.mark.parametrize("adopt", ["!", "tag:", "etl, ! tag: "])
    def test_a_pattern_of_nothing_is_refused(self, adopt: str) -> None:
        with pytest.raises(ValueError, match=r"\[jetbridge\] adopt has '.*', which names nothing"):
            Choice.of(adopt)

    @pytest.mark.parametrize("percent", ["-1", "101", "half", "nan", ""])
    def test_a_wrong_percentage_adopts_nothing_and_says_so(
        self, configure: Callable[..., None], caplog: pytest.LogCaptureFixture, percent: str
    ) -> None:
        configure("*", percent)
        with pytest.raises(ValueError, match=r"\[jetbridge\] adopt_percent is .*; give a number"):
            settings.adopt_percent()
        with caplog.at_level(logging.ERROR):
            job = only(EcsRunTaskOperator, **ECS)
        assert not isinstance(job, JetbridgeRunOperator)
        assert "Nothing is adopted: [jetbridge] adopt_percent is" in caplog.text

    @given(
        st.sets(st.tuples(st.text(max_size=9), st.text(max_size=9)), min_size=1),
        st.floats(0, 100),
        st.floats(0, 100),
    )
    def test_a_larger_share_has_all_of_a_smaller_one(self, ids: Any, one: Any, other: Any) -> None:
        def adopted(percent: float) -> set[tuple[str, str]]:
            choice = Choice(("*",), percent)
            return {each for each in ids if choice.of_task(each[0], (), each[1]).yes}

        low, high = sorted((one, other))
        assert adopted(low) <= adopted(high)
        assert adopted(0) == set()
        assert adopted(100) == ids

    def test_the_share_is_about_what_was_asked_for_and_never_changes(self) -> None:
        shares = [share(f"dag_{n // 10}", f"task_{n % 10}") for n in range(2000)]
        assert 0.07 < sum(each < 0.1 for each in shares) / 2000 < 0.13
        # From a shell: printf 'dag\ntask' | sha256sum | head -c 12
        assert share("dag", "task") == int(SHA256_OF_DAG_TASK, 16) / 2**48

    @pytest.mark.parametrize(
        "params", [{"jetbridge": False}, {"jetbridge": "off"[:0]}, {"jetbridge": Param(False)}]
    )
    def test_a_task_opts_out_by_a_parameter(
        self, configure: Callable[..., None], params: dict[str, Any]
    ) -> None:
        configure("*")
        assert not isinstance(only(EcsRunTaskOperator, **ECS, params=params), JetbridgeRunOperator)

    @pytest.mark.parametrize("params", [{"jetbridge": True}, {"other": False}, {}])
    def test_other_parameters_dont(
        self, configure: Callable[..., None], params: dict[str, Any]
    ) -> None:
        configure("*")
        assert isinstance(only(EcsRunTaskOperator, **ECS, params=params), JetbridgeRunOperator)

    def test_a_dag_opts_out_by_a_tag(self, configure: Callable[..., None]) -> None:
        configure("*")
        job = only(BatchOperator, **BATCH)
        assert isinstance(job, JetbridgeBatchOperator)
        with DAG("quiet", schedule=None, tags=["jetbridge:off"]):
            other = BatchOperator(**BATCH)
        policy.task_policy(other)
        assert not isinstance(other, JetbridgeRunOperator)

    def test_a_mapped_task_opts_out_too(self, configure: Callable[..., None]) -> None:
        configure("*")
        with DAG("d", schedule=None) as dag:
            EcsRunTaskOperator.partial(
                task_id="job", task_definition="t", cluster="c", params={"jetbridge": False}
            ).expand(overrides=[{}])
        (job,) = parsed(dag).tasks
        assert not issubclass(job.operator_class, JetbridgeRunOperator)


SHA256_OF_DAG_TASK = "95ef64181496"


class Team(EcsRunTaskOperator):
    """A subclass as DAGs have it: keywords of its own, work before the start and after the end."""

    template_fields = (*EcsRunTaskOperator.template_fields, "team")

    def __init__(self, *, team: str, **keywords: Any) -> None:
        super().__init__(cluster="of-the-team", tags={"team": team}, **keywords)
        self.team = team
        self.seen: list[object] = []

    def execute(self, context: Any) -> Any:
        self.overrides = {"containerOverrides": [{"name": "main", "command": [self.team]}]}
        return super().execute(context)

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        self.seen += [event["status"], event["task_arn"], event["cluster"]]
        result = super().execute_complete(context, event)
        self.seen.append(self.arn)
        return result


class Announced(EcsRunTaskOperator):
    """A site's base that keeps a register of its classes, with a keyword in the class statement."""

    register: ClassVar[dict[str, type]] = {}
    size = "unset"

    def __init_subclass__(cls, size: str, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if cls.__name__ in cls.register:
            raise ValueError(f"{cls.__name__} is there twice")
        cls.register[cls.__name__] = cls
        cls.size = size


class Large(Announced, size="large"):
    def execute(self, context: Any) -> Any:
        self.overrides = {"cpu": self.size}
        return super().execute(context)


class TestClassesThatAreAnnounced:
    """``__init_subclass__`` of the DAG's classes is for the classes of the DAG."""

    @pytest.mark.parametrize("adopt", ["", "*"])
    def test_the_class_made_here_is_not_announced(
        self, configure: Callable[..., None], functions: FakeLambda, ti: Any, adopt: str
    ) -> None:
        configure(adopt)
        job = only(Large, **ECS)
        assert isinstance(job, JetbridgeRunOperator) == bool(adopt)
        assert (job.size, Announced.register) == ("large", {"Large": Large})
        if adopt:
            functions.answers.append(ANSWER)
            with pytest.raises(TaskDeferred):
                job.execute({"ti": ti})
            assert functions.invocations[0][1]["run_task"]["overrides"] == {"cpu": "large"}

    @pytest.mark.parametrize("adopt", ["", "*"])
    def test_a_mapped_task_is_made_as_in_the_dag(
        self, configure: Callable[..., None], adopt: str
    ) -> None:
        configure(adopt)
        with DAG("d", schedule=None) as dag:
            Large.partial(task_id="job", task_definition="t", cluster="c").expand(overrides=[{}])
        (mapped,) = parsed(dag).tasks
        job: Any = mapped.unmap({"overrides": {"a": 1}})
        assert isinstance(job, JetbridgeRunOperator) == bool(adopt)
        assert (job.size, job.overrides, Announced.register) == (
            "large",
            {"a": 1},
            {"Large": Large},
        )


class TestTheAdoptedTask:
    @pytest.mark.parametrize(
        ("stock", "ours", "keywords"),
        [
            (EcsRunTaskOperator, JetbridgeEcsOperator, ECS | MORE_OF_ECS),
            (BatchOperator, JetbridgeBatchOperator, BATCH | {"share_identifier": "s"}),
        ],
    )
    def test_it_asks_for_the_same_job_as_jetbridges_own_operator(
        self, configure: Callable[..., None], ti: Any, stock: Any, ours: Any, keywords: Any
    ) -> None:
        configure("*")
        job, own = only(stock, **keywords), ours(**keywords)
        assert isinstance(job, ours)
        assert isinstance(job, stock)
        assert job._start_request(ti) == own._start_request(ti)
        # Every attribute that Jetbridge's operator has, and the same.
        for name, value in vars(own).items():
            if not name.startswith("_") and name not in ("start_date", "dag", "task_group"):
                assert getattr(job, name) == value, name

    def test_it_keeps_its_place_its_name_and_its_callbacks(
        self, configure: Callable[..., None]
    ) -> None:
        configure("*")

        def tell(context: Any) -> None:
            pass

        with DAG("d", schedule=None, default_args={"retries": 4}) as dag:

            @task
            def first() -> dict[str, Any]:
                return {}

            @task_group
            def group(overrides: Any) -> EcsRunTaskOperator:
                return EcsRunTaskOperator(
                    **ECS | {"overrides": overrides}, on_failure_callback=tell
                )

            @task
            def last(arn: Any) -> Any:
                return arn

            made: Any = group(first())
            last(made.output)
        job = parsed(dag).get_task("group.job")
        assert isinstance(job, JetbridgeEcsOperator)
        assert (job.upstream_task_ids, job.downstream_task_ids) == ({"first"}, {"last"})
        assert (job.task_type, job.retries, job.on_failure_callback) == (
            "EcsRunTaskOperator",
            4,
            [tell],
        )
        assert job.operator_name == "EcsRunTaskOperator (Jetbridge)"
        inside: Any = dag.task_group.children["group"]
        assert inside.children["group.job"] is job

    def test_it_defers_and_ends_through_jetbridge(
        self,
        configure: Callable[..., None],
        functions: FakeLambda,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
    ) -> None:
        configure("*")
        functions.answers.append(ANSWER)
        job = only(EcsRunTaskOperator, **ECS)
        with pytest.raises(TaskDeferred) as deferred:
            job.execute({"ti": ti})
        assert isinstance(deferred.value.trigger, JetbridgeRunTrigger)
        event = make_event(result={"rows": 5})
        resumed = only(EcsRunTaskOperator, **ECS)
        value = resumed.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert value == {"rows": 5}
        assert ti.xcoms["ecs_task_arn"] == ARN

    def test_a_subclass_goes_before_jetbridges_operator(
        self,
        configure: Callable[..., None],
        functions: FakeLambda,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
    ) -> None:
        configure("*")
        functions.answers.append(ANSWER)
        job = only(Team, task_id="job", task_definition="t", overrides={}, team="blue")
        with pytest.raises(TaskDeferred):
            job.execute({"ti": ti})
        ((_, request),) = functions.invocations
        assert request["run_task"] == {
            "cluster": "of-the-team",
            "taskDefinition": "t",
            "overrides": {"containerOverrides": [{"name": "main", "command": ["blue"]}]},
            "launchType": "EC2",
            "tags": [{"key": "team", "value": "blue"}],
        }
        arn = ARN.replace(":task/c/", ":task/of-the-team/")
        event = make_event(backend_id=arn)
        job.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert job.seen == ["success", arn, "of-the-team", arn]
        assert "team" in job.template_fields

    def test_a_mapped_task_is_made_adopted(
        self, configure: Callable[..., None], functions: FakeLambda, ti: Any
    ) -> None:
        configure("*")
        with DAG("d", schedule=None) as dag:
            Team.partial(task_id="job", task_definition="t", retries=2).expand_kwargs(
                [{"team": "blue", "overrides": {}}]
            )
        (mapped,) = parsed(dag).tasks
        assert mapped.operator_extra_links == JetbridgeEcsOperator.operator_extra_links
        job = mapped.unmap({"team": "green", "overrides": {}})
        assert isinstance(job, Team)
        assert isinstance(job, JetbridgeEcsOperator)
        assert (job.retries, job.cluster, job.team) == (2, "of-the-team", "green")
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred):
            job.execute({"ti": ti})
        assert functions.invocations[0][1]["run_task"]["cluster"] == "of-the-team"

    def test_the_policy_may_run_twice(self, configure: Callable[..., None]) -> None:
        configure("*")
        job = only(EcsRunTaskOperator, **ECS)
        before = type(job)
        policy.task_policy(job)
        assert type(job) is before

    def test_tasks_of_other_operators_and_of_jetbridges_own_are_left_alone(
        self, configure: Callable[..., None]
    ) -> None:
        configure("*")
        with DAG("d", schedule=None) as dag:
            JetbridgeEcsOperator(**ECS)
        (job,) = dag.tasks
        policy.task_policy(job)
        assert type(job) is JetbridgeEcsOperator


class TestWhatStays:
    def reason(self, caplog: pytest.LogCaptureFixture, operator: Any, **keywords: Any) -> str:
        with caplog.at_level(logging.WARNING):
            job = only(operator, **keywords)
        assert not isinstance(job, JetbridgeRunOperator)
        assert isinstance(job, operator)
        (record,) = caplog.records
        return record.getMessage()

    def test_work_behind_the_end(
        self, configure: Callable[..., None], caplog: pytest.LogCaptureFixture
    ) -> None:
        configure("*")

        class Tells(EcsRunTaskOperator):
            def execute(self, context: Any) -> None:
                super().execute(context)
                self.log.info("done")

        told = self.reason(caplog, Tells, **ECS)
        assert "Tells.execute has code after super().execute" in told
        assert "Move it to execute_complete" in told

    def test_the_same_class_where_the_task_is_deferrable(
        self, configure: Callable[..., None]
    ) -> None:
        configure("*")

        class Tells(EcsRunTaskOperator):
            def execute(self, context: Any) -> None:
                super().execute(context)
                self.log.info("not deferred after all")

        assert isinstance(only(Tells, **ECS, deferrable=True), JetbridgeRunOperator)

    @pytest.mark.parametrize("deferrable", ["{{ params.deferrable }}", False, None])
    def test_a_task_that_may_turn_out_not_deferrable(
        self, configure: Callable[..., None], caplog: pytest.LogCaptureFixture, deferrable: Any
    ) -> None:
        """A template is known when the task runs, and the class may have work behind the end."""
        configure("*")

        class Tells(EcsRunTaskOperator):
            def execute(self, context: Any) -> None:
                super().execute(context)
                self.log.info("done")

        told = self.reason(caplog, Tells, **ECS, deferrable=deferrable)
        assert "that code would never run" in told

    def test_each_way_to_end_with_super(self, configure: Callable[..., None]) -> None:
        configure("*")

        class Last(EcsRunTaskOperator):
            def execute(self, context: Any) -> None:
                self.log.info("begins")
                super().execute(context)

        class Chooses(BatchOperator):
            def execute(self, context: Any) -> Any:
                if context["params"].get("small"):
                    self.job_queue = "small"
                    return super().execute(context)
                self.job_queue = "large"
                value = super(Chooses, self).execute(context)
                return value  # noqa: RET504

        assert isinstance(only(Last, **ECS), JetbridgeRunOperator)
        assert isinstance(only(Chooses, **BATCH), JetbridgeRunOperator)

    def test_a_finally_around_the_start(
        self, configure: Callable[..., None], caplog: pytest.LogCaptureFixture
    ) -> None:
        configure("*")

        class Cleans(BatchOperator):
            def execute(self, context: Any) -> Any:
                try:
                    return super().execute(context)
                finally:
                    self.log.info("cleaned")

        assert "has code after super().execute" in self.reason(caplog, Cleans, **BATCH)

    def test_an_execute_of_its_own(
        self, configure: Callable[..., None], caplog: pytest.LogCaptureFixture
    ) -> None:
        configure("*")

        class Own(BatchOperator):
            def execute(self, context: Any) -> None:
                self.submit_job(context)

        assert "doesn't call super().execute" in self.reason(caplog, Own, **BATCH)

    def test_a_mixin_counts_as_the_class_itself(
        self, configure: Callable[..., None], caplog: pytest.LogCaptureFixture
    ) -> None:
        configure("*")

        class Timed:
            def execute(self, context: Any) -> Any:
                result = super().execute(context)  # type: ignore[misc] # a mixin
                return result or "nothing"

        class Mixed(Timed, EcsRunTaskOperator):
            pass

        assert "Timed.execute has code after" in self.reason(caplog, Mixed, **ECS)

    @pytest.mark.parametrize(
        ("operator", "keywords", "member", "why"),
        [
            (EcsRunTaskOperator, ECS, "_start_task", "which nothing would call"),
            (BatchOperator, BATCH, "submit_job", "which nothing would call"),
            (EcsRunTaskOperator, ECS, "client", "reaches AWS in its own way"),
            (BatchOperator, BATCH, "hook", "reaches AWS in its own way"),
            (EcsRunTaskOperator, ECS, "resume_execution", "by which Jetbridge waits"),
        ],
    )
    def test_replaced_parts(
        self,
        configure: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
        operator: Any,
        keywords: Any,
        member: str,
        why: str,
    ) -> None:
        configure("*")
        own = type("Own", (operator,), {member: lambda self: None, "__qualname__": "Own"})
        assert f"Own replaces {member}" in (told := self.reason(caplog, own, **keywords))
        assert why in told

    @pytest.mark.parametrize(
        "override",
        [
            {"podProperties": {"containers": [{"image": "mine"}]}},
            {"podProperties": {"metadata": {"namespace": "mine"}}},
        ],
    )
    @pytest.mark.parametrize("in_nodes", [False, True])
    def test_what_start_run_refuses(
        self,
        configure: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
        override: dict[str, Any],
        in_nodes: bool,
    ) -> None:
        configure("*")
        keywords = (
            {"node_overrides": {"nodePropertyOverrides": [{"eksPropertiesOverride": override}]}}
            if in_nodes
            else {"eks_properties_override": override}
        )
        told = self.reason(caplog, BatchOperator, **BATCH, **keywords)
        assert "is refused. Name another job definition instead" in told

    def test_an_error_of_the_policy_leaves_the_task_and_its_dag(
        self,
        configure: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        configure("*")
        monkeypatch.setattr(tasks, "why_it_stays", lambda task: 1 / 0)
        assert "ZeroDivisionError" in self.reason(caplog, EcsRunTaskOperator, **ECS)


class TestSwitchedBack:
    """The line is removed while tasks wait: each ends as Jetbridge's, and the next is stock's."""

    @pytest.mark.parametrize(("operator", "keywords"), [(EcsRunTaskOperator, ECS), (Team, {})])
    def test_a_waiting_task_ends(
        self,
        configure: Callable[..., None],
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        operator: Any,
        keywords: Any,
    ) -> None:
        configure("")
        keywords = keywords or {
            "task_id": "job",
            "task_definition": "t",
            "overrides": {},
            "team": "blue",
        }
        job = only(operator, **keywords)
        assert not isinstance(job, JetbridgeRunOperator)
        event = make_event(result=[1])
        assert job.resume_execution("execute_complete", {"event": event}, {"ti": ti}) == [1]
        assert ti.xcoms["ecs_task_arn"] == ARN

    def test_a_failed_run_fails_it(
        self, configure: Callable[..., None], ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        configure("")
        job = only(BatchOperator, **BATCH)
        event = make_event(state=State.FAILED, backend="batch", backend_id="1b2c", exit_codes={})
        with pytest.raises(AirflowException, match="AWS Batch job \\(1b2c\\) failed"):
            job.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert job.job_id == "1b2c"

    def test_a_task_that_waits_for_its_launch_alone(
        self, configure: Callable[..., None], ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        configure("")
        job = only(EcsRunTaskOperator, **ECS, wait_for_completion=False)
        event = make_event()
        assert job.resume_execution("execute_launched", {"event": event}, {"ti": ti}) is None
        assert ti.xcoms["ecs_task_arn"] == ARN

    def test_a_mapped_task(
        self, configure: Callable[..., None], ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        configure("")
        with DAG("d", schedule=None) as dag:
            EcsRunTaskOperator.partial(task_id="job", task_definition="t", cluster="c").expand(
                overrides=[{}]
            )
        (mapped,) = parsed(dag).tasks
        job: Any = mapped.unmap({"overrides": {"a": 1}})
        assert (job.overrides, job.cluster) == ({"a": 1}, "c")
        event = make_event(result=2)
        assert job.resume_execution("execute_complete", {"event": event}, {"ti": ti}) == 2

    def test_a_class_that_could_not_be_adopted_any_more_ends_all_the_same(
        self, configure: Callable[..., None], ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        configure("*")

        class Own(BatchOperator):
            def submit_job(self, context: Any) -> None:
                raise AssertionError

        job = only(Own, **BATCH)
        assert not isinstance(job, JetbridgeRunOperator)
        event = make_event(backend="batch", backend_id="1b2c")
        value = job.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert value == "1b2c"

    def test_the_stock_operators_own_wait_is_its_own(
        self, configure: Callable[..., None], ti: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure("")
        monkeypatch.setattr(EcsRunTaskOperator, "_check_success_task", lambda self: None)
        job = only(EcsRunTaskOperator, **ECS)
        event = {"status": "success", "task_arn": ARN, "cluster": "other"}
        job.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert (job.arn, job.cluster) == (ARN, "other")
        assert not isinstance(job, JetbridgeRunOperator)


class TestSwitchedOn:
    """The line is added while stock deferrable tasks wait: each ends as the stock operator's."""

    def test_the_stock_operators_wait(
        self, configure: Callable[..., None], ti: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure("*")
        checked = []
        monkeypatch.setattr(
            EcsRunTaskOperator, "_check_success_task", lambda self: checked.append(self.arn)
        )
        job = only(EcsRunTaskOperator, **ECS, deferrable=True)
        event = {"status": "success", "task_arn": ARN, "cluster": "other"}
        job.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert checked == [ARN]

    def test_a_wait_that_fails_starts_nothing_to_stop_it(
        self, configure: Callable[..., None], functions: FakeLambda, ti: Any
    ) -> None:
        """The stock trigger dies of one throttled call ("KeyError: 'tasks'")."""
        configure("*")
        nothing = {key: value for key, value in ANSWER.items() if key != "run_id"} | {"runs": {}}
        functions.answers += [nothing, {**STOPPING, "stopping": [], "unknown": ["x"]}]
        job = only(EcsRunTaskOperator, **ECS, deferrable=True)
        failure = {"error": "Trigger failure", "traceback": ["KeyError: 'tasks'"]}
        with pytest.raises(TaskDeferralError):
            job.resume_execution("__fail__", failure, {"ti": ti})
        called = [function for function, _ in functions.invocations]
        assert called == ["jetbridge-watch-runs", "jetbridge-stop-run"]

    def test_killing_stock_code_stops_what_it_started(
        self, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure("*")
        stopped = []
        monkeypatch.setattr(EcsRunTaskOperator, "on_kill", lambda self: stopped.append(self.arn))
        job = only(EcsRunTaskOperator, **ECS)
        job.on_kill()
        job.arn = ARN
        job.on_kill()
        assert stopped == [ARN]


class TestShortRuns:
    """As with Jetbridge's own operators (test_short_runs.py), by the same method."""

    @pytest.mark.parametrize(
        ("operator", "keywords"), [(EcsRunTaskOperator, ECS), (BatchOperator, BATCH)]
    )
    def test_an_adopted_task_waits_for_them_on_its_worker(
        self, configure: Callable[..., None], operator: Any, keywords: Any
    ) -> None:
        configure("*")
        assert type(only(operator, **keywords)).execute is JetbridgeRunOperator.execute
