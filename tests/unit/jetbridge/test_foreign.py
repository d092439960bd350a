"""Tasks and jobs of others: what is stored of them, and what a sensor learns when it looks."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.backends import FakeEcs
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core
from jetbridge_testing.foreign import CLUSTER, QUEUE, foreign, looking
from jetbridge_testing.memory import MemoryOutcomes, MemoryQueue
from jetbridge_testing.samples import REGION, STACK_KEY, event
from msgspec.structs import replace

from jetbridge.aws.records import RecordError
from jetbridge.backends.foreign import foreign_event, job_id, task_id
from jetbridge.backends.port import LaunchRefused, NoDefinition, Throttled, Unanswered
from jetbridge.contract import (
    BatchJob,
    ContractError,
    EcsTask,
    Launched,
    Outcome,
    PersonCaller,
    State,
    WatchRequest,
    decode,
    decode_request,
)
from jetbridge.queues.messages import Notice
from jetbridge.tracking.assets import AssetRule, asset_rules
from jetbridge.tracking.foreign import TrackForeign

TASK = "478f3a4c51824ad23cb50c1c60670c0f"
TASK_ARN = f"arn:aws:ecs:eu-central-1:123456789012:task/reports/{TASK}"
KEPT = task_id(CLUSTER, TASK)
JOB = event("batch_succeeded")["detail"]["jobId"]


class Scene:
    def __init__(self) -> None:
        self.outcomes = MemoryOutcomes()
        self.ecs = FakeEcs(Clock())
        self.defined: list[str] = []
        self.notices = MemoryQueue()
        self.track = self.with_assets()

    def with_assets(self, *items: str) -> TrackForeign:
        return TrackForeign(
            self.outcomes,
            self.outcomes,
            self._define,
            STACK_KEY,
            REGION,
            asset_rules(items),
            self.notices,
            Clock(),
        )

    def _define(self, arn: str) -> Any:
        self.defined.append(arn)
        return self.ecs.resolve({"taskDefinition": arn})

    def outcome(self, kept_as: str) -> Outcome:
        found = self.outcomes.get(kept_as)
        assert found is not None
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestKept:
    @pytest.mark.parametrize(
        ("name", "state", "exit_codes"),
        [
            ("ecs_stopped_exit_0", State.SUCCEEDED, {"main": 0}),
            ("ecs_stopped_exit_3", State.FAILED, {"main": 3}),
            ("ecs_stopped_by_user", State.STOPPED, {"main": 143}),
            # The definition calls the proxy, which ends with 143, not essential.
            ("ecs_two_containers", State.SUCCEEDED, {"main": 0, "proxy": 143}),
        ],
    )
    def test_a_tasks_end(
        self, scene: Scene, name: str, state: State, exit_codes: dict[str, int]
    ) -> None:
        assert scene.track(foreign(name)) is not None
        kept = scene.outcome(KEPT)
        assert (kept.state, kept.exit_codes) == (state, exit_codes)
        assert (kept.backend_id, kept.cluster) == (TASK_ARN, "reports")
        assert kept.caller == PersonCaller(name="ann")

    @pytest.mark.parametrize(
        ("name", "state"),
        [("batch_succeeded", State.SUCCEEDED), ("batch_terminated", State.STOPPED),
         ("batch_no_exit_code", State.FAILED)],
    )  # fmt: skip
    def test_a_jobs_end(self, scene: Scene, name: str, state: State) -> None:
        ended = foreign(name)
        scene.track(ended)
        assert scene.outcome(job_id(ended["detail"]["jobId"])).state is state
        assert scene.defined == [], "Batch's own verdict decides"

    def test_a_task_that_runs(self, scene: Scene) -> None:
        scene.track(foreign("ecs_running"))
        kept = scene.outcomes.standing(KEPT)
        assert isinstance(kept, Launched)
        assert kept.started_at == event("ecs_running")["detail"]["startedAt"]

    def test_a_definition_that_is_gone_lets_every_container_decide(self, scene: Scene) -> None:
        scene.ecs.errors["resolve"] = [NoDefinition("ClientException", "no such")]
        scene.track(foreign("ecs_two_containers"))
        assert scene.outcome(KEPT).state is State.FAILED

    @pytest.mark.parametrize(
        "refusal",
        [
            Throttled("slow down"),
            Unanswered("connection reset"),
            LaunchRefused("AccessDeniedException", "not authorized to perform: ecs:Describe…"),
            LaunchRefused("ClientException", "User is not authorized"),
        ],
    )
    def test_a_definition_that_cannot_be_read_keeps_nothing_yet(
        self, scene: Scene, refusal: Exception
    ) -> None:
        scene.ecs.errors["resolve"] = [refusal]
        with pytest.raises(type(refusal)):
            scene.track(foreign("ecs_two_containers"))
        assert scene.outcomes.items == {}
        scene.track(foreign("ecs_two_containers"))
        assert scene.outcome(KEPT).state is State.SUCCEEDED

    @pytest.mark.parametrize("name", ["ecs_stopped_exit_0", "batch_succeeded"])
    def test_runs_of_this_stack_have_their_own_outcome(self, scene: Scene, name: str) -> None:
        assert scene.track(event(name)) is None
        assert scene.outcomes.items == {}

    def test_a_child_is_not_kept_for_its_parent(self, scene: Scene) -> None:
        for part in ({"jobId": f"{JOB}#0"}, {"arrayProperties": {"index": 3}}):
            assert scene.track(foreign("batch_succeeded", **part)) is None
        assert scene.outcomes.items == {}

    @pytest.mark.parametrize("field", ["taskArn", "clusterArn", "lastStatus"])
    def test_a_record_without_its_names_is_given_up(self, scene: Scene, field: str) -> None:
        with pytest.raises(RecordError, match=field):
            scene.track(foreign("ecs_stopped_exit_0", **{field: None}))

    @given(
        st.lists(
            st.sampled_from(["ecs_running", "ecs_stopped_exit_3", "ecs_stopped_by_user"]),
            min_size=1,
            max_size=6,
        )
    )
    def test_whatever_comes_again_or_late_the_first_end_stays(self, names: list[str]) -> None:
        scene = Scene()
        for name in names:
            scene.track(foreign(name))
        ends = [name for name in names if name != "ecs_running"]
        if not ends:
            assert isinstance(scene.outcomes.standing(KEPT), Launched)
            return
        first = Scene()
        first.track(foreign(ends[0]))
        assert scene.outcome(KEPT) == first.outcome(KEPT)


def test_track_run_stores_nothing_of_others_unless_the_stack_watches_them(scene: Scene) -> None:
    core = Core()
    others = foreign("ecs_stopped_exit_0")
    assert core.track(others) is None
    assert core.outcomes.items == {}
    assert replace(core.track, foreign=scene.track)(others) is not None
    assert scene.outcomes.items.keys() == {KEPT}


class TestLook:
    @pytest.mark.parametrize("cluster", [CLUSTER, "reports"])
    @pytest.mark.parametrize("task", [TASK_ARN, TASK])
    def test_a_task_by_name_or_arn_is_kept_under_one_id(self, cluster: str, task: str) -> None:
        stopped = foreign("ecs_stopped_exit_3")
        state = looking(MemoryOutcomes(), stopped)(EcsTask(cluster=cluster, task=task))
        assert (state.run_id, state.status) == (KEPT, "STOPPED")
        assert state.reason == "Essential container in task exited"
        kept = foreign_event(stopped, STACK_KEY)
        assert kept is not None
        assert kept.change.run_id == state.run_id

    def test_the_stored_end_answers_for_what_aws_forgot(self, scene: Scene) -> None:
        scene.track(foreign("ecs_stopped_exit_3"))
        state = looking(scene.outcomes)(EcsTask(cluster="reports", task=TASK))
        assert (state.status, state.outcome) == ("", scene.outcome(KEPT))

    def test_what_nobody_knows(self) -> None:
        state = looking(MemoryOutcomes())(BatchJob(job_id="gone"))
        assert (state.status, state.outcome, state.run_id) == ("", None, job_id("gone"))

    @pytest.mark.parametrize(
        ("name", "asked"),
        [
            ("ecs_running", EcsTask(cluster="reports", task=TASK)),
            ("batch_running", BatchJob(job_id=JOB)),
        ],
    )
    def test_a_run_of_this_stack_is_awaited_as_that_run(
        self, name: str, asked: EcsTask | BatchJob
    ) -> None:
        running = event(name)
        running["detail"]["jobId"] = JOB
        text = running["detail"].get("startedBy") or running["detail"]["jobName"]
        state = looking(MemoryOutcomes(), running, queues=("arn:other",))(asked)
        assert state.run_id in text

    def test_a_child_of_an_array_is_described_and_not_awaited(self) -> None:
        child = foreign("batch_running", jobId=f"{JOB}:3", arrayProperties={"index": 3})
        child["detail"]["jobQueue"] = QUEUE
        state = looking(MemoryOutcomes(), child)(BatchJob(job_id=f"{JOB}:3"))
        assert (state.status, state.awaited) == ("RUNNING", False)

    @pytest.mark.parametrize(
        ("clusters", "queues", "asked", "problem"),
        [
            ((), (), EcsTask(cluster="reports", task=TASK), r"WatchedClusterArns, which is empty"),
            ((CLUSTER,), (), EcsTask(cluster="etl", task=TASK), r"is etl, .* which has .*reports"),
            ((), (), BatchJob(job_id=JOB), r"WatchedJobQueueArns, which is empty"),
            ((), ("arn:q",), BatchJob(job_id=JOB), r"of the job queue .* which has arn:q"),
        ],
    )
    def test_who_is_not_listed_is_refused(
        self,
        clusters: tuple[str, ...],
        queues: tuple[str, ...],
        asked: EcsTask | BatchJob,
        problem: str,
    ) -> None:
        look = looking(
            MemoryOutcomes(), foreign("batch_succeeded"), clusters=clusters, queues=queues
        )
        with pytest.raises(ContractError, match=problem):
            look(asked)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "ecs_task", "cluster": "c"}, "task"),
        ({"kind": "ecs_task", "cluster": "c", "task": "a b"}, r"foreign\.task"),
        ({"kind": "batch_job", "job_id": ""}, r"foreign\.job_id"),
        ({"kind": "pod"}, "foreign"),
    ],
)
def test_what_names_nothing_is_refused(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(ContractError, match=field):
        decode_request(WatchRequest, {"foreign": asked})


ORDERS = "s3://lake/orders"


class TestAssets:
    def told(self, scene: Scene) -> list[Notice]:
        return [decode(Notice, message) for message in scene.notices.messages]

    @pytest.mark.parametrize(
        ("name", "items", "told"),
        [
            ("ecs_stopped_exit_0", [f"report={ORDERS}"], [ORDERS]),
            ("ecs_stopped_exit_0", [f"rep*={ORDERS}", "*=s3://all"], [ORDERS, "s3://all"]),
            ("ecs_stopped_exit_0", [f"repor={ORDERS}", f"Report={ORDERS}"], []),
            ("ecs_stopped_exit_3", [f"*={ORDERS}"], []),
            ("ecs_stopped_by_user", [f"*={ORDERS}"], []),
            ("ecs_running", [f"*={ORDERS}"], []),
            ("batch_succeeded", [f"load={ORDERS}"], [ORDERS]),
            ("batch_no_exit_code", [f"*={ORDERS}"], []),
        ],
    )
    def test_success_updates_the_assets_of_its_definition(
        self, scene: Scene, name: str, items: list[str], told: list[str]
    ) -> None:
        scene.with_assets(*items)(foreign(name))
        assert [notice.asset for notice in self.told(scene)] == told

    def test_each_airflow_is_notified_by_its_name(self, scene: Scene) -> None:
        scene.with_assets(f"*@finance={ORDERS}", f"*={ORDERS}")(foreign("ecs_stopped_exit_0"))
        assert [(each.run_id, each.airflow) for each in self.told(scene)] == [
            (KEPT, "finance"),
            (KEPT, "default"),
        ]
        assert scene.notices.groups == ["finance", "default"]

    def test_an_event_that_comes_again_sends_the_notice_again(self, scene: Scene) -> None:
        """The process may have died between the outcome and the notice."""
        track = scene.with_assets(f"*={ORDERS}")
        for _ in range(2):
            track(foreign("ecs_stopped_exit_0"))
        assert [notice.asset for notice in self.told(scene)] == [ORDERS, ORDERS]

    def test_a_notice_that_cant_be_sent_fails_the_event(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def send(*message: object) -> None:
            raise ConnectionError("SQS is away")

        monkeypatch.setattr(scene.notices, "send", send)
        with pytest.raises(ConnectionError):
            scene.with_assets(f"*={ORDERS}")(foreign("ecs_stopped_exit_0"))

    @pytest.mark.parametrize(
        "item",
        ["", "report", "=s3://x", "report=", "a b=s3://x", "r@=s3://x", "r=s3://a b", "[r]=x"],
    )
    def test_an_invalid_rule_is_named(self, item: str) -> None:
        with pytest.raises(ValueError, match=r"AssetEvents: .* Give name=uri"):
            asset_rules([item])

    @given(
        st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
        st.from_regex(r"[^\s,]{1,60}", fullmatch=True),
        st.sampled_from(["", "finance"]),
    )
    def test_a_rule_is_read_as_it_was_written(self, name: str, uri: str, airflow: str) -> None:
        (rule,) = asset_rules([f"{name}{airflow and '@' + airflow}={uri}"])
        assert rule == AssetRule(name, uri, airflow or "default")
        family = "arn:aws:ecs:eu-central-1:123456789012:task-definition/" + name
        assert rule.is_of(f"{family}:7")
        assert rule.is_of(name)
        assert not rule.is_of(f"{family}x:7")
