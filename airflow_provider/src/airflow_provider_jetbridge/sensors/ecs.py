"""`EcsTaskStateSensor`: the amazon provider's sensor of that name, which waits by event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_jetbridge.operators.stack import UsesStack
from airflow_provider_jetbridge.operators.stock_hook import HasEcsClient
from airflow_provider_jetbridge.sensors.foreign import RUNNING, ForeignStateSensor
from airflow_provider_jetbridge.stock import Imported, from_stock
from jetbridge.contract import EcsTask

STOPPED = "STOPPED"


class EcsTaskStateSensor(HasEcsClient, ForeignStateSensor):
    """Wait until any ECS task reaches a state.

    Takes every keyword of ``airflow.providers.amazon.aws.sensors.ecs.EcsTaskStateSensor``. The
    cluster must be one of the stack's ``WatchedClusterArns``. For ``RUNNING`` and ``STOPPED`` the
    deferred sensor waits by event. For another state it looks every ``poke_interval``.

    :param cluster: short name or ARN of the cluster. (templated)
    :param task: id or ARN of the task. (templated)
    :param target_state: the state to wait for: a member of the amazon provider's ``EcsTaskStates``,
        or its text. (templated)
    :param failure_states: states that fail the sensor, ``STOPPED`` by default. A stopped task
        reaches no other state, so it fails the sensor in any case. (templated)
    :param deferrable: wait in the triggerer; ``[operators] default_deferrable`` by default. The
        amazon provider's sensor can't. A subclass with its own ``poke`` isn't deferred.

    Also takes the keywords of `UsesStack` and of Airflow's ``BaseSensorOperator``.
    """

    aws_hook_class = Imported("airflow.providers.amazon.aws.hooks.ecs", "EcsHook")
    template_fields: Sequence[str] = (
        *UsesStack.stack_template_fields,
        "cluster",
        "task",
        "target_state",
        "failure_states",
    )

    def __init__(
        self,
        *,
        cluster: str,
        task: str,
        target_state: Any = RUNNING,
        failure_states: Iterable[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cluster = cluster
        self.task = task
        self.target_state = target_state
        self.failure_states = failure_states or {STOPPED}

    @property
    def awaited(self) -> EcsTask:
        return EcsTask(cluster=self.cluster, task=self.task)

    @property
    def event_tells(self) -> bool:
        # The amazon provider's sensor always pokes, so a subclass may have its own poke.
        own_poke = type(self).poke is not EcsTaskStateSensor.poke
        return not own_poke and _text(self.target_state) in (RUNNING, STOPPED)

    @property
    def awaits_running(self) -> bool:
        return RUNNING in {_text(self.target_state), *self._failures}

    @property
    def _failures(self) -> set[str]:
        given = self.failure_states
        return {_text(state) for state in ([given] if isinstance(given, str) else given)}

    def has_come(self, status: str, reason: str) -> bool:
        target = _text(self.target_state)
        if status == target:
            return True
        if status in self._failures or status == STOPPED:
            raise AirflowException(
                f"Terminal state reached. Current state: {status}, Expected state: {target}. "
                f"{reason}".rstrip()
            )
        return False


def _text(state: Any) -> str:
    """A state in ECS's spelling, from a text or a member of the amazon provider's
    ``EcsTaskStates``."""
    return str(getattr(state, "value", state)).upper()


def __getattr__(name: str) -> Any:
    """Return the other names of the amazon provider's module, such as its other ECS sensors."""
    return from_stock("airflow.providers.amazon.aws.sensors.ecs", __name__, name)
