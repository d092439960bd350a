"""``JobRunSensor``: finds the run by id, key or schedule; waits deferred, rescheduled or poking."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSkipException,
    PokeReturnValue,
    TaskDeferred,
)
from fake_aws import FakeLambda, client_error
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from airflow_provider_jetbridge.exceptions import ForeignOutcome, WatchedRunFailed
from airflow_provider_jetbridge.sensors.run import JobRunSensor, scheduled
from jetbridge.contract import Outcome, ScheduleCaller, State, own_key, run_id_of, to_builtins

ARN = "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/nightly"
RUN = "01k8run"


def answer(**runs: Any) -> dict[str, Any]:
    return {
        "runs": runs,
        "outcomes_table": "outcomes",
        "stop_function": "jetbridge-stop-run",
        "region": "eu-west-1",
    }


def watched(outcome: Any = None, status: str = "launched") -> Any:
    run = {
        "status": "ended" if outcome else status,
        "backend": "ecs",
        "caller": {"kind": "person", "name": "ann"},
        "created_at": 1.0,
    }
    return run | ({"outcome": to_builtins(outcome)} if outcome else {})


def sensor(**keywords: Any) -> JobRunSensor:
    return JobRunSensor(task_id="wait", **{"deferrable": False, **keywords})


class TestWhichRun:
    @pytest.mark.parametrize(
        ("keywords", "run_id"),
        [
            ({"run_id": "{{ given }}"}, "abc"),
            (
                {"idempotency_key": "report-{{ ds }}"},
                run_id_of(own_key("person", "report-2026-01-01")),
            ),
            (
                {"schedule_arn": ARN},
                run_id_of(
                    ScheduleCaller(schedule_arn=ARN, scheduled_time="2026-01-02T03:00:00Z").key
                ),
            ),
            (
                {"schedule_arn": ARN, "scheduled_time": "2026-05-05T07:00:00+02:00"},
                run_id_of(
                    ScheduleCaller(schedule_arn=ARN, scheduled_time="2026-05-05T05:00:00Z").key
                ),
            ),
        ],
    )
    def test_it_is_known_before_it_exists(
        self, functions: FakeLambda, ti: Any, keywords: dict[str, Any], run_id: Any
    ) -> None:
        task = sensor(**keywords)
        context: Any = {
            "given": "abc",
            "ds": "2026-01-01",
            "data_interval_end": datetime(2026, 1, 2, 3, tzinfo=UTC),
        }
        task.render_template_fields(context)
        functions.answers.append(answer())
        assert task.poke({"ti": ti}) is False
        assert functions.invocations[0][0] == "jetbridge-watch-runs"
        assert functions.invocations[0][1]["run_ids"] == [run_id]

    @pytest.mark.parametrize(
        "keywords",
        [{}, {"run_id": "a", "idempotency_key": "b"}, {"run_id": "a", "schedule_arn": "b"}],
    )
    def test_exactly_one_name_is_taken_when_the_dag_is_parsed(
        self, keywords: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError, match="give one of run_id, idempotency_key, schedule_arn"):
            sensor(**keywords)

    @pytest.mark.parametrize("moment", ["None", "", "2026-01-01T00:00:00", "noon"])
    def test_a_text_that_isnt_a_time_is_refused(
        self, functions: FakeLambda, ti: Any, moment: str
    ) -> None:
        task = sensor(schedule_arn=ARN, scheduled_time=moment)
        with pytest.raises(ValueError, match=r"scheduled_time is .* Give scheduled_time as ISO"):
            task.poke({"ti": ti})
        assert functions.invocations == []

    @pytest.mark.parametrize(
        ("keywords", "works"), [({"idempotency_key": "k"}, True), ({"schedule_arn": ARN}, False)]
    )
    def test_a_manual_dag_run_has_no_data_interval(
        self, functions: FakeLambda, ti: Any, keywords: dict[str, Any], works: bool
    ) -> None:
        """Airflow's context lacks it then, and its templates are strict."""
        task = sensor(**keywords)
        task.render_template_fields({}, jinja_env=SandboxedEnvironment(undefined=StrictUndefined))
        functions.answers.append(answer())
        if works:
            assert task.poke({"ti": ti}) is False
        else:
            with pytest.raises(ValueError, match="exists only in scheduled DAG runs"):
                task.poke({"ti": ti})

    def test_a_template_that_finds_nothing_is_refused(self, functions: FakeLambda, ti: Any) -> None:
        task = sensor(run_id="{{ nothing }}")
        context: Any = {"nothing": None}
        task.render_template_fields(context)
        with pytest.raises(ValueError, match="its template renders to nothing"):
            task.poke({"ti": ti})

    @given(st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.timezones()))
    def test_one_moment_is_written_in_one_way(self, moment: Any) -> None:
        utc = moment.astimezone(UTC)
        assert scheduled(moment) == scheduled(moment.isoformat()) == scheduled(str(utc))
        assert datetime.fromisoformat(scheduled(moment)) == utc.replace(microsecond=0)


class TestDeferred:
    def test_it_waits_on_the_feed_and_stops_nothing_when_it_is_killed(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        functions.answers.append(answer(**{RUN: watched()}))
        with pytest.raises(TaskDeferred) as deferred:
            sensor(run_id=RUN, deferrable=True, timeout=3600).execute({"ti": ti})
        trigger = deferred.value.trigger
        assert (trigger.run_id, trigger.outcomes_table) == (RUN, "outcomes")
        assert (trigger.region_name, trigger.until) == ("eu-west-1", "finished")
        assert trigger.stop_function is None
        assert deferred.value.timeout == timedelta(hours=1)
        assert functions.invocations[0][1]["caller"] is None

    def test_a_run_that_has_ended_is_not_waited_for(
        self, functions: FakeLambda, ti: Any, make_outcome: Callable[..., Outcome]
    ) -> None:
        functions.answers.append(answer(**{RUN: watched(make_outcome(result={"rows": 3}))}))
        assert sensor(run_id=RUN, deferrable=True).execute({"ti": ti}) == {"rows": 3}
        assert ti.xcoms == {"run_id": RUN, "exit_codes": {"main": 0}}

    def test_it_ends_with_the_outcome(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        assert sensor(run_id=RUN).execute_complete({"ti": ti}, make_event(result=5)) == 5

    def test_another_runs_outcome_is_refused(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        with pytest.raises(ForeignOutcome, match="this sensor waits for"):
            sensor(run_id="another").execute_complete({"ti": ti}, make_event())

    @pytest.mark.parametrize(
        ("event", "said"),
        [
            (None, "event is None"),
            ({}, "carries no outcome"),
            ({"outcome": {"run_id": 7}}, "carries no outcome"),
        ],
    )
    def test_an_event_without_an_outcome_is_refused(
        self, ti: Any, event: dict[str, Any] | None, said: str
    ) -> None:
        with pytest.raises(ForeignOutcome, match=said):
            sensor(run_id=RUN).execute_complete({"ti": ti}, event)

    @pytest.mark.parametrize("state", [State.FAILED, State.STOPPED])
    def test_a_run_that_did_not_succeed_fails_it_for_good(
        self, ti: Any, make_event: Callable[..., dict[str, Any]], state: State
    ) -> None:
        with pytest.raises(AirflowFailException, match="main exited with 0") as failed:
            sensor(run_id=RUN).execute_complete({"ti": ti}, make_event(state=state))
        assert isinstance(failed.value, WatchedRunFailed)

    def test_soft_fail_skips(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        task = sensor(run_id=RUN, soft_fail=True)
        with pytest.raises(AirflowSkipException):
            task.resume_execution(
                "execute_complete", {"event": make_event(state=State.FAILED)}, {"ti": ti}
            )

    def test_a_run_that_had_failed_before_the_first_look_skips_it_too(
        self, functions: FakeLambda, ti: Any, make_outcome: Callable[..., Outcome]
    ) -> None:
        functions.answers.append(answer(**{RUN: watched(make_outcome(state=State.FAILED))}))
        with pytest.raises(AirflowSkipException):
            sensor(run_id=RUN, soft_fail=True).execute({"ti": ti})


class TestRescheduled:
    def test_it_looks_until_the_run_has_ended(
        self, functions: FakeLambda, ti: Any, make_outcome: Callable[..., Outcome]
    ) -> None:
        task = sensor(run_id=RUN, mode="reschedule")
        functions.answers.extend(
            [
                answer(),
                answer(**{RUN: watched(status="accepted")}),
                answer(**{RUN: watched(make_outcome(result=[1]))}),
            ]
        )
        assert task.poke({"ti": ti}) is False
        assert task.poke({"ti": ti}) is False
        found = task.poke({"ti": ti})
        assert isinstance(found, PokeReturnValue)
        assert (found.is_done, found.xcom_value) == (True, [1])
        assert all(request["caller"] is None for _, request in functions.invocations)

    def test_rest_tells_who_is_to_be_finished(self, functions: FakeLambda, ti: Any) -> None:
        task = sensor(run_id=RUN, mode="reschedule", finish="rest", airflow="other")
        functions.answers.append(answer(**{RUN: watched()}))
        assert task.poke({"ti": ti}) is False
        ((_, request),) = functions.invocations
        assert (request["caller"]["ti_id"], request["caller"]["try_number"]) == (ti.id, 2)
        assert request["airflow"] == "other"

    @pytest.mark.parametrize(
        "keywords",
        [{"mode": "poke"}, {"mode": "reschedule", "deferrable": True}],
    )
    def test_rest_is_for_a_rescheduling_sensor(self, keywords: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="give mode='reschedule' and deferrable=False"):
            sensor(run_id=RUN, finish="rest", **keywords)

    def test_another_way_is_refused(self) -> None:
        with pytest.raises(ValueError, match="finish is 'push'; give 'rest'"):
            sensor(run_id=RUN, mode="reschedule", finish="push")

    @pytest.mark.parametrize(
        ("soft_fail", "raised"), [(False, WatchedRunFailed), (True, AirflowSkipException)]
    )
    def test_a_failed_run(
        self,
        functions: FakeLambda,
        ti: Any,
        make_outcome: Callable[..., Outcome],
        soft_fail: bool,
        raised: Any,
    ) -> None:
        functions.answers.append(answer(**{RUN: watched(make_outcome(state=State.FAILED))}))
        with pytest.raises(raised):
            sensor(run_id=RUN, soft_fail=soft_fail).execute({"ti": ti})

    def test_an_older_stack_is_named(self, functions: FakeLambda, ti: Any) -> None:
        functions.answers.extend([client_error("ResourceNotFoundException", "Invoke")] * 2)
        with pytest.raises(AirflowFailException, match="there is no function jetbridge-watch-runs"):
            sensor(run_id=RUN).poke({"ti": ti})
