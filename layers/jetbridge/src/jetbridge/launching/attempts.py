"""What an earlier attempt to make the same launch has left: AWS may know a task or job of it."""

from jetbridge.backends.parameters import launch_parameters
from jetbridge.backends.port import Backend
from jetbridge.queues.port import NotYet
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Run

# AWS remembers a clientToken for at least the hour after the task stopped (Amazon ECS API
# reference, "Ensuring idempotency"); past this a repeated RunTask could launch a second task.
TOKEN_MEMORY_SECONDS = 50 * 60
# AWS may take a moment to list what was launched. An attempt that finds nothing waits until the one
# before it is this old. Longer than launch_run's own timeout.
LISTING_SECONDS = 45


def find(run: Run, backend: Backend, name: LaunchName, now: float) -> str | None:
    """What an earlier attempt launched, in cases in which repeating the launch wouldn't return it.

    Raises:
        NotYet: AWS may not list yet what the earlier attempt launched.
    """
    if run.last_attempt_at is None:
        return None
    token_tells = run.backend == "ecs" and not forgotten(run, now)
    if token_tells and run.stop is None:
        return None
    found = backend.find(name, launch_parameters(run))
    age = now - run.last_attempt_at
    if found is None and age < LISTING_SECONDS:
        raise NotYet(f"{name} may have been launched {age:.0f} s ago", LISTING_SECONDS)
    return found


def forgotten(run: Run, now: float) -> bool:
    """Whether AWS may have forgotten the client token of the launch's first attempt."""
    first = run.first_attempt_at
    return first is not None and now - first > TOKEN_MEMORY_SECONDS
