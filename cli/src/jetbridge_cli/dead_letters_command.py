"""``jetbridge dead-letters``: lists, shows and drops dead letters."""

import json
from typing import Annotated, Any

import typer

from jetbridge_cli.ages import oldest
from jetbridge_cli.asking import confirm
from jetbridge_cli.aws import Aws
from jetbridge_cli.consumers import Consumer, consumer_of
from jetbridge_cli.finding import first, found
from jetbridge_cli.losses import loss
from jetbridge_cli.messages import Message
from jetbridge_cli.options import (
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Queues,
    Region,
    StackName,
    Yes,
)
from jetbridge_cli.problems import Problem, reported
from jetbridge_cli.redaction import redacted
from jetbridge_cli.repeating import again_and_again
from jetbridge_cli.stack import DeadLetterQueue, Stack, holding
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import moment, say, write, write_facts, write_json, write_source

# SQS's counts are up to a minute old, and each look asks for those of each queue.
EVERY_SECONDS = 10

app = typer.Typer(no_args_is_help=True, help="Messages that were given up.")


@app.command("list")
def list_queues(
    stack: StackName = "jetbridge",
    watch: Annotated[
        bool, typer.Option("--watch", help="Show the list again every ten seconds.")
    ] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Count the dead letters of each queue.

    The counts come from SQS. They are approximate, and up to a minute old.
    """
    aws = Aws(profile, region, endpoint)

    def show_counts() -> None:
        _write_queues(Stack(aws, stack), output)

    with reported():
        if watch:
            again_and_again(show_counts, EVERY_SECONDS)
        else:
            show_counts()


@app.command()
def show(
    message_id: Annotated[
        str | None, typer.Argument(help="Show this message; without it, list the messages.")
    ] = None,
    stack: StackName = "jetbridge",
    queue: Queues = None,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="The most messages to list of each queue.")
    ] = 20,
    output: OutputFormat = Output.TABLE,
) -> None:
    """List dead letters, or show one with its body and the reason why it was given up.

    Doesn't show the values of container environments. While the command reads messages, they are
    invisible to other readers.
    """
    with reported():
        deployed = Stack(Aws(profile, region, endpoint), stack)
        queues = _chosen(deployed, queue)
        if message_id is None:
            _list_messages(first(deployed.aws.sqs, queues, limit), output)
            return
        with found(deployed.aws.sqs, queues, message_id) as (where, _, message):
            pass
        consumer = None if message.undelivered else consumer_of(deployed.aws, where)
        if output is Output.JSON:
            write_json(_message_as_json(where, message, consumer))
        else:
            _write_message(where, message, consumer)


@app.command()
def drop(
    message_id: Annotated[str, typer.Argument(help="The message to delete.")],
    stack: StackName = "jetbridge",
    queue: Queues = None,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    yes: Yes = False,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Delete one message for good, and say what is lost."""
    with reported():
        deployed = Stack(Aws(profile, region, endpoint), stack)
        queues = _chosen(deployed, queue)
        if not yes:
            # Hold no messages while the person decides.
            with found(deployed.aws.sqs, queues, message_id) as (where, _, message):
                pass
            for sentence in loss(where, message.run_ids):
                say(sentence)
            confirm(f"Delete message {message_id} from {where.name}?")
            queues = [where]
        with found(deployed.aws.sqs, queues, message_id) as (where, reader, message):
            if reader.delete([message]):
                raise Problem(f"{message_id}: SQS would not delete it; call the command again")
        lost = loss(where, message.run_ids)
        if output is Output.JSON:
            write_json({"message_id": message_id, "queue": where.name, "lost": lost})
            return
        for sentence in lost if yes else ():
            write(sentence)
        write(f"Deleted {message_id} from {where.name}.")


def _write_queues(deployed: Stack, output: Output) -> None:
    queues = deployed.dead_letter_queues
    ages = oldest(deployed.aws, queues)
    if output is Output.JSON:
        write_json([_queue_as_json(queue, ages.get(queue.name)) for queue in queues])
        return
    headings = ["queue", "given up by", "messages", "in flight", "oldest"]
    rows = [
        [
            queue.name,
            queue.destination.name,
            str(queue.messages),
            str(queue.in_flight),
            str(ages.get(queue.name, "")),
        ]
        for queue in queues
    ]
    write_table(headings, rows, headings[2:], whole=["queue"])


def _chosen(deployed: Stack, names: list[str] | None) -> list[DeadLetterQueue]:
    queues = deployed.named(names or [])
    return queues if names else holding(queues)


def _queue_as_json(queue: DeadLetterQueue, age: Any) -> dict[str, Any]:
    return {
        "queue": queue.name,
        "url": queue.url,
        "destination": queue.destination.name,
        "messages": queue.messages,
        "in_flight": queue.in_flight,
        "oldest_seconds": age and age.seconds,
        "oldest_exact": age and age.exact,
    }


def _list_messages(messages: list[tuple[DeadLetterQueue, Message]], output: Output) -> None:
    if output is Output.JSON:
        write_json([_message_as_json(queue, message, None) for queue, message in messages])
        return
    if not messages:
        write("No dead letters.")
        return
    headings = ["message", "queue", "sent", "received", "run", "why"]
    rows = [
        [
            message.id,
            queue.name,
            moment(message.sent_at),
            str(message.receive_count),
            " ".join(message.run_ids),
            message.failure,
        ]
        for queue, message in messages
    ]
    write_table(headings, rows, ["received"], whole=["message", "run"])


def _message_as_json(
    queue: DeadLetterQueue, message: Message, consumer: Consumer | None
) -> dict[str, Any]:
    shown = {
        "message_id": message.id,
        "queue": queue.name,
        "destination": queue.destination.name,
        "run_ids": message.run_ids,
        "sent_at": moment(message.sent_at),
        "receive_count": message.receive_count,
        "message_group": message.group,
        "failure": message.failure,
        "attributes": {
            name: attribute.get("StringValue") for name, attribute in message.attributes.items()
        },
        "body": message.body if _json(message.content) is None else redacted(message.content),
    }
    if consumer is not None:
        shown |= {"function": consumer.name, "log_group": consumer.log_group}
    return shown


def _write_message(queue: DeadLetterQueue, message: Message, consumer: Consumer | None) -> None:
    facts = {
        "message": message.id,
        "queue": f"{queue.name}, given up by {queue.destination.name}",
        "runs": " ".join(message.run_ids),
        "sent": moment(message.sent_at),
        "received": f"{message.receive_count} times, including now",
        "group": message.group,
        "why": message.failure,
    }
    if consumer is not None:
        facts["log"] = _log_hint(consumer, message)
    write_facts(facts, whole=["log"])
    write()
    content = message.content
    body = _json(content)
    if body is None:
        write(message.body)
        return
    write_source(body)


def _json(content: Any) -> str | None:
    """The JSON without the values of environments. None if it isn't JSON, or is nested too
    deeply."""
    if content is None:
        return None
    try:
        return json.dumps(redacted(content), indent=2)
    except RecursionError:
        return None


def _log_hint(consumer: Consumer, message: Message) -> str:
    return (
        f"aws logs filter-log-events --log-group-name {consumer.log_group} "
        f"""--filter-pattern '"{message.logged_as}"'"""
    )
