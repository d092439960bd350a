"""Says what is lost with a dropped message, and what still happens without it."""

from jetbridge_cli.stack import DeadLetterQueue

_BY_DESTINATION = {
    "LaunchQueue": (
        "this launch message",
        "A run that still waits for its launch gets a new message from the sweeper, when nothing "
        "has been heard from it for CheckAfterSeconds, and is launched then.",
    ),
    "StateChangeQueue": (
        "this state change",
        "A later state change of the same run ends it. If none comes, the sweeper looks the run "
        "up when nothing has been heard from it for CheckAfterSeconds, while AWS remembers the "
        "task or job (about an hour for ECS); after that the run ends as lost.",
    ),
    "FinishQueue": (
        "this attempt to seal and deliver the outcome",
        "The sweeper queues the run's finish again until it is done: delete the message "
        "only when the run is finished, or its cause is fixed.",
    ),
    "LogsQueue": (
        "the copy of the container's log beside Airflow's own",
        "Nothing copies it again. The lines stay in CloudWatch Logs as long as their group's "
        "retention; the outcome names the streams.",
    ),
    "StopQueue": (
        "this stop",
        "If the run's row has the stop request, the sweeper stops the run when it looks at it "
        "next. Otherwise the container keeps running, until its timeout if it has one.",
    ),
    "NotifyQueue": (
        "notices for Airflow's API",
        "With `push`, the waiting task still resumes by the feed. With `rest`, the task's state "
        "stays as it is, and what on_finish asked for (a DAG run, an asset event) does not "
        "happen. Nothing sends it again.",
    ),
    "RelayLogsFunction": (
        "some of a running container's lines in Airflow's log",
        "The complete copy at the container's end has them.",
    ),
    "StartRunFunction": (
        "this start request",
        "Nothing starts that run: the schedule or rule starts the next one at its own time.",
    ),
}


def loss(queue: DeadLetterQueue, run_ids: list[str]) -> list[str]:
    """Two sentences: what is lost, and what the sweeper and other functions still do."""
    unknown = (
        f"what this message was sent for to {queue.destination.name}",
        "This command doesn't know the queue, nor whether anything else does this.",
    )
    what, afterwards = _BY_DESTINATION.get(queue.destination.name, unknown)
    of = f" of run {', '.join(run_ids)}" if run_ids else ""
    return [f"Lost: {what}{of}.", afterwards]
