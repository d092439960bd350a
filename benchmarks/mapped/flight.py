"""One DAG run of many mapped tasks, from its start to its last task's end."""

import time
from collections.abc import Callable

from benchmarks.errors import BenchmarkFailed
from benchmarks.mapped import site
from benchmarks.mapped.calls import AirflowCalls
from benchmarks.mapped.database import Database
from benchmarks.mapped.figures import Crowd
from benchmarks.mapped.gate import Gate
from benchmarks.mapped.processors import Spent, spent
from benchmarks.mapped.s3 import SlowWay
from benchmarks.mapped.site import Side
from benchmarks.mapped.triggerers import Watch, use
from benchmarks.mapped.workloads import workloads
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import AirflowClient, LocalAirflow
from jetbridge_local.site.progress import Say
from jetbridge_local.site.stack import Stack

S3_SECONDS = 0.05
STEADY_SECONDS = sized(60.0, 10.0)
_SETTLE_SECONDS = 10.0
_MOST_WARM_UPS = 4
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 180.0
_PATIENCE_A_TASK = 3.0
_ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")


def fly(workspace: Workspace, stack: Stack, side: Side, tasks: int, say: Say) -> Crowd:
    """Raises BenchmarkFailed if the tasks don't all come to wait; AirflowFailed."""
    gate = Gate(workspace.paths.local / "gate")
    with SlowWay(stack.cloud.url, S3_SECONDS) as s3:
        airflow = site.start_airflow(workspace, stack, gate, tasks, s3.url)
        try:
            return _Flight(stack, airflow, gate, side, tasks, say).run(s3)
        finally:
            gate.open()
            airflow.stop()


class _Flight:
    def __init__(
        self,
        stack: Stack,
        airflow: LocalAirflow,
        gate: Gate,
        side: Side,
        tasks: int,
        say: Say,
    ) -> None:
        self._stack = stack
        self._airflow = airflow
        self._gate = gate
        self._side = side
        self._tasks = tasks
        self._say = say
        self._database = Database(airflow.postgres_url)
        self._calls = AirflowCalls(stack.cloud)
        self._patience = _PATIENCE_SECONDS + _PATIENCE_A_TASK * tasks

    def run(self, s3: SlowWay) -> Crowd:
        dag_id, name = self._side.dag_id, f"{self._side.name}-{self._tasks}"
        pids = site.triggerer_pids(self._airflow)
        with self._airflow.client() as client, Watch(self._database) as watch:
            client.wait_for_dag(dag_id)
            self._warm_up(client, watch)
            cold_gaps = watch.longest_gaps()
            watch.forget()
            self._gate.close()
            time.sleep(_SETTLE_SECONDS)
            idle, began, slowed = use(pids), time.time(), s3.requests
            spent_before = self._spent()
            client.trigger(dag_id, run_id=name)
            self._wait(self._all_wait, "all tasks wait")
            time.sleep(_SETTLE_SECONDS)
            waited = self._database.states(dag_id)["deferred"]
            before = use(pids)
            self._say(f"{waited} wait; counting for {STEADY_SECONDS:.0f} s")
            time.sleep(STEADY_SECONDS)
            after = use(pids)
            self._calls.gather(now=True)
            spent_waiting = self._spent()
            released = time.time()
            self._gate.open()
            left, spent_in_burst = self._wait_ended()
            last, spent_after = use(pids), self._spent()
            self._calls.gather(now=True)
            succeeded = sum(task.state == "success" for task in client.tasks(dag_id, name))
        if watch.error:
            raise BenchmarkFailed(f"the triggerers couldn't be watched: {watch.error!r}")
        log = self._airflow.components.log("scheduler")
        with log.open(errors="replace") as lines:
            held = workloads(lines)
        return Crowd(
            tasks=self._tasks,
            waited=waited,
            began=began,
            released=released,
            instances=self._database.instances(dag_id),
            succeeded=succeeded,
            workloads=held,
            launches=site.launches(self._stack, name),
            idle=idle,
            before=before,
            after=after,
            last=last,
            whole=spent_after.since(spent_before),
            ending=spent_after.since(spent_waiting),
            burst=spent_in_burst.since(spent_waiting),
            steady_calls=self._calls.by_operation(before.at, after.at),
            calls=self._calls.by_operation(began),
            throttled=self._calls.throttled(began),
            stops=self._calls.stops(self._stack.functions["stop_run"], began),
            mismatches=self._database.mismatches(),
            heartbeat_gaps=watch.longest_gaps(),
            cold_heartbeat_gaps=cold_gaps,
            shares=watch.shares(),
            failovers=watch.failovers(),
            claimed_twice=watch.claimed_twice(),
            s3_requests=s3.requests - slowed,
            unfinished=left,
        )

    def _warm_up(self, client: AirflowClient, watch: Watch) -> None:
        """Small DAG runs like the one to come, until both triggerers have had triggers.

        A triggerer's first question to Airflow, for a connection or with a link, loads Airflow's
        whole execution API: seconds of CPU time and many megabytes that are nobody's per task.
        Functions are cold as well.
        """
        self._wait(lambda: len(self._database.heartbeats()) == 2, "two triggerers beat")
        for number in range(_MOST_WARM_UPS):
            self._say(f"a small DAG run first ({number + 1})")
            run_id = f"first-{self._side.name}-{self._tasks}-{number}"
            self._gate.close()
            client.trigger(self._side.warm_up_dag_id, run_id=run_id)
            self._wait(self._small_run_waits, "a small DAG run waits")
            time.sleep(_SETTLE_SECONDS)
            self._gate.open()
            ended = client.wait_for_dag_run(self._side.warm_up_dag_id, run_id, self._patience)
            if ended.state != "success":
                raise BenchmarkFailed(f"DAG run {run_id} ended as {ended.state}")
            shares = watch.shares()
            if len(shares) == 2 and all(shares):
                return
        raise BenchmarkFailed(f"one triggerer gets no triggers in {_MOST_WARM_UPS} DAG runs")

    def _small_run_waits(self) -> bool:
        states = self._database.states(self._side.warm_up_dag_id)
        waiting = states["deferred"]
        going_on = states.total() - sum(states[state] for state in _ENDED)
        return 0 < waiting == going_on and site.running_containers(self._stack) >= waiting

    def _all_wait(self) -> bool:
        """Each task is deferred, or has failed already; each that is deferred has a container."""
        states = self._database.states(self._side.dag_id)
        ended = sum(states[state] for state in _ENDED)
        running = site.running_containers(self._stack)
        self._say(f"{states['deferred']} wait, {ended} ended, {running} containers")
        waiting = states["deferred"]
        return waiting + ended >= self._tasks and running >= waiting

    def _wait_ended(self) -> tuple[int, Spent]:
        """How many tasks haven't ended when patience has, and the look after the last one's end."""
        deadline = time.monotonic() + self._patience
        look = self._spent()
        while left := self._left():
            if time.monotonic() > deadline:
                break
            self._say(f"released; {left} not ended")
            self._airflow.components.check()
            self._calls.gather()
            time.sleep(_LOOK_SECONDS)
            look = self._spent()
        # The last process is still uploading its log when its task has ended.
        time.sleep(_SETTLE_SECONDS)
        return left, look

    def _spent(self) -> Spent:
        return spent(self._airflow.components.pids(), self._stack.cloud.running.pid)

    def _left(self) -> int:
        states = self._database.states(self._side.dag_id)
        return self._tasks - sum(states[state] for state in _ENDED)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._patience
        while not condition():
            if time.monotonic() > deadline:
                states = dict(self._database.states(self._side.dag_id))
                raise BenchmarkFailed(f"not within {self._patience:.0f} s: {what}; {states}")
            self._airflow.components.check()
            self._calls.gather()
            time.sleep(_LOOK_SECONDS)
