"""Exceptions that the operators raise, besides Airflow's own."""

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

try:
    from airflow.sdk.exceptions import TaskDeferralError as TaskDeferralError
    from airflow.sdk.exceptions import TaskDeferralTimeout as TaskDeferralTimeout
except ImportError:  # Airflow 3.0 and 3.1 have them only in the core
    from airflow.exceptions import (  # type: ignore[no-redef]
        TaskDeferralError as TaskDeferralError,
    )
    from airflow.exceptions import (  # type: ignore[no-redef]
        TaskDeferralTimeout as TaskDeferralTimeout,
    )


class StartRefused(AirflowFailException):
    """Jetbridge refused the request. Airflow doesn't retry, because Jetbridge would refuse it
    again."""


class StartFailed(AirflowException):
    """The task couldn't hand the run to Jetbridge. The reason may be temporary."""


class StartThrottled(StartFailed):
    """AWS Lambda throttled the call: too many functions are running at once in the account."""


class RunFailed(AirflowException):
    """The container failed, or couldn't run."""


class RunFailedForGood(AirflowFailException, RunFailed):
    """The container exited with a code from ``fail_on_exit_code``, so Airflow doesn't retry."""


class NestedExecute(AirflowFailException):
    """Another task's code called ``execute``. Airflow couldn't resume that task."""


class RunStopped(AirflowException):
    """Somebody stopped the run."""


class WatchedRunFailed(AirflowFailException):
    """The run that a sensor waited for didn't succeed. This is final, so a retry wouldn't help."""


class ForeignOutcome(AirflowException):
    """The outcome doesn't belong to this try of the task instance."""


class EarlierOutcome(ForeignOutcome):
    """The outcome belongs to another try of the same task instance."""


class UnreadableOutcome(ForeignOutcome, AirflowFailException):
    """The run has ended, but its outcome can't be read.

    Airflow doesn't retry. The container has run and may have succeeded, and a retry would run it
    again.
    """
