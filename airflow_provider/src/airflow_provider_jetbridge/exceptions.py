"""What the operators raise besides Airflow's own exceptions."""

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

try:
    from airflow.sdk.exceptions import TaskDeferralError as TaskDeferralError
    from airflow.sdk.exceptions import TaskDeferralTimeout as TaskDeferralTimeout
except ImportError:  # Airflow 3.0 and 3.1 have them in the core alone
    from airflow.exceptions import (  # type: ignore[no-redef]
        TaskDeferralError as TaskDeferralError,
    )
    from airflow.exceptions import (  # type: ignore[no-redef]
        TaskDeferralTimeout as TaskDeferralTimeout,
    )


class StartRefused(AirflowFailException):
    """Jetbridge refused the request; trying again wouldn't change that, so Airflow doesn't."""


class StartFailed(AirflowException):
    """The run couldn't be handed to Jetbridge for a reason that may pass."""


class RunFailed(AirflowException):
    """The container ran and failed, or couldn't run."""


class RunFailedForGood(AirflowFailException, RunFailed):
    """The container exited with a code of ``fail_on_exit_code``: Airflow doesn't try again."""


class NestedExecute(AirflowFailException):
    """``execute`` was called by another task's code, which Airflow couldn't resume."""


class RunStopped(AirflowException):
    """Somebody stopped the run."""


class WatchedRunFailed(AirflowFailException):
    """The run that a sensor waited for didn't succeed; no later look would find anything else."""


class ForeignOutcome(AirflowException):
    """The outcome that arrived isn't that of this try of the task instance."""


class EarlierOutcome(ForeignOutcome):
    """The outcome that arrived is that of another try of the very same task instance."""


class UnreadableOutcome(ForeignOutcome, AirflowFailException):
    """The run has ended, and its outcome can't be read.

    Airflow doesn't try again: the container has run, perhaps to success, and would run once more.
    """
