"""Tries of one Airflow task instance: which one is later, and which one takes a run over."""

import re
from uuid import UUID

from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    CloudWatchLogTarget,
    ContractError,
    LogTarget,
    S3LogTarget,
    State,
)
from jetbridge.runs.run import Attachment, Run, Status

MOST_ATTACHMENTS = 10
"""The most attachments of one run, so that its row stays small."""

MOST_STEPS = 10
"""By which the number of a try with the same id may be higher: tries between the two may never have
got here."""

CLOCKS_DIFFER_SECONDS = 300
"""AWS accepts a signed request for five minutes (IAM user guide, "AWS Signature Version 4 for API
requests"), so clocks of callers can't differ by more."""


def is_later(caller: AirflowCaller, other: AirflowCaller) -> bool:
    """Whether the caller's try came after the other.

    Airflow makes the ids of task instances as UUIDs of version 7, which rise with time, also where
    a DAG run was deleted and its tries are counted from 1 again. Tries that share an id ("state
    mismatch") have rising numbers, each one higher; a number that is much higher would block all
    real tries. An id of another kind isn't Airflow's, so it never counts as later than one that may
    be.
    """
    ours, theirs = _time_ordered(caller.ti_id), _time_ordered(other.ti_id)
    if (ours is None) is not (theirs is None):
        return ours is not None
    if ours is not None and theirs is not None and ours != theirs:
        return ours > theirs
    step = caller.try_number - other.try_number
    return 0 < step <= (MOST_STEPS if ours is not None else step)


def check_time(caller: AirflowCaller, now: float) -> None:
    """Refuse a try whose id says that it begins in the future: it would count as later than all
    real tries.

    Raises:
        ContractError: the time in the task instance's id is in the future.
    """
    ti_id = _time_ordered(caller.ti_id)
    if ti_id is not None and _seconds(ti_id) > now + CLOCKS_DIFFER_SECONDS:
        raise ContractError(
            "caller.ti_id",
            f"is {caller.ti_id}, whose time is in the future",
            "Send the task instance's own id; if it is that, set the clock of Airflow's machine",
        )


def takes_over(caller: AirflowCaller, earlier: Run) -> bool:
    """Whether a try that asked to attach gets the run of an earlier one.

    It gets a run that has not ended. It also gets a run that succeeded but whose success Airflow
    missed: Airflow wouldn't retry a try that succeeded. A clear, which raises ``max_tries``, starts
    a new run; so does a try after a run that failed or was stopped.
    """
    before = earlier.caller
    if not isinstance(before, AirflowCaller) or earlier.stop is not None:
        return False
    if earlier.status is not Status.ENDED:
        return before.max_tries == caller.max_tries or None in (before.max_tries, caller.max_tries)
    if earlier.ending is None or before.max_tries is None:
        return False
    # Imported here, since first tries don't need it: most cold starts of start_run are for first
    # tries.
    from jetbridge.failures import judge

    decides = earlier.request.deciding_container
    verdict = judge(earlier.ending, earlier.definition, None, decides)
    return verdict.state is State.SUCCEEDED and before.max_tries == caller.max_tries


def attachment_of(caller: AirflowCaller, target: LogTarget | None, earlier: Run) -> Attachment:
    """The attachment of a try that takes a run over. Its log target is that of the earlier try, but
    for the try's number. If the earlier try had none, this one has none.

    Raises:
        ContractError: ``target`` is another place, or none, so the try isn't of the same task.
    """
    placed = _last_place(earlier)
    if placed is None:
        return Attachment(caller=caller)
    if target is None:
        raise ContractError(
            "log_target",
            "is missing, and the earlier try of this task has one",
            "Send the log target that Airflow has for this try, or clear the task for a new run",
        )
    if not _same_task(placed, (caller, target)):
        field = "key_prefix" if isinstance(target, S3LogTarget) else "stream"
        raise ContractError(
            f"log_target.{field}",
            "differs from the earlier try's log target in more than the number of the try",
            "Send the log target that Airflow has for this try, or clear the task for a new run",
        )
    return Attachment(caller=caller, log_target=target)


def attached(alias: Run, to: Run) -> Run:
    """The row of a try that took a run over. It only answers repeated requests."""
    return replace(alias, attached_to=to.run_id, status=Status.ENDED, finished=True)


def with_attachment(attachments: list[Attachment], new: Attachment) -> list[Attachment]:
    """The attachments with another one. Beyond `MOST_ATTACHMENTS` the oldest is removed: its try is
    over, and the log is no longer copied to its place."""
    return [*attachments, new][-MOST_ATTACHMENTS:]


_Place = tuple[Caller, LogTarget]


def _last_place(run: Run) -> _Place | None:
    """Where the log of the latest try that has a place for it goes, and that try."""
    tries = [(later.caller, later.log_target) for later in reversed(run.attachments)]
    for caller, target in [*tries, (run.request.caller, run.request.log_target)]:
        if target is not None:
            return caller, target
    return None


def _same_task(earlier: _Place, later: _Place) -> bool:
    (before, kept), (caller, asked) = earlier, later
    if not isinstance(before, AirflowCaller) or not isinstance(caller, AirflowCaller):
        return False
    tries = (str(before.try_number), str(caller.try_number))
    match kept, asked:
        case S3LogTarget(), S3LogTarget() if kept.bucket == asked.bucket:
            return _but_for_try(kept.key_prefix, asked.key_prefix, tries)
        case CloudWatchLogTarget(), CloudWatchLogTarget() if kept.group == asked.group:
            return _but_for_try(kept.stream, asked.stream, tries)
    return False


def _but_for_try(kept: str, asked: str, tries: tuple[str, str]) -> bool:
    """Whether two log names are the same, but for the number of the try.

    That is the last number in the name (``…/attempt={{ try_number }}.log``, Airflow's default of
    ``[logging] log_filename_template``), or wherever the earlier name has this number once.
    """
    ours, theirs = re.split(r"([0-9]+)", kept), re.split(r"([0-9]+)", asked)
    if len(ours) != len(theirs):
        return False
    changes = [index for index, text in enumerate(ours) if text != theirs[index]]
    if not changes:
        return True
    numbers = ours[1::2]
    place, last = changes[0], len(ours) - 2
    unmistakable = place == last or numbers.count(tries[0]) == 1
    return len(changes) == 1 and unmistakable and (ours[place], theirs[place]) == tries


def _time_ordered(ti_id: str) -> UUID | None:
    try:
        parsed = UUID(ti_id)
    except ValueError:
        return None
    return parsed if parsed.version == 7 else None


def _seconds(ti_id: UUID) -> float:
    """The time in a UUID of version 7, epoch seconds (RFC 9562, section 5.7)."""
    return (ti_id.int >> 80) / 1000
