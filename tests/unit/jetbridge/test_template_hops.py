"""template.yaml: every queue has one reader, and nothing is dropped in silence on any hop."""

from typing import Any

import pytest
from jetbridge_testing.template import (
    ALARMS,
    FUNCTIONS,
    GLOBALS,
    QUEUES,
    ROOT,
    RULES,
    alarmed,
    get_att,
    statements,
    template,
)

from jetbridge.notify.http import CONNECT_SECONDS, READ_SECONDS
from jetbridge.notify.notify import LONGEST_DELAY_SECONDS

DEAD_LETTERS = {
    queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    for queue in QUEUES.values()
    if "RedrivePolicy" in queue["Properties"]
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_an_error_alarm(function: str) -> None:
    assert function in alarmed("AWS/Lambda", "Errors", "FunctionName")


@pytest.mark.parametrize("alarm", ALARMS)
def test_alarm_notifies_the_topic(alarm: str) -> None:
    actions = ALARMS[alarm]["Properties"]["AlarmActions"]["Fn::If"]
    assert actions[:2] == ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}]]


@pytest.mark.parametrize("alarm", ALARMS)
def test_alarm_doesnt_ring_before_its_metric_has_data(alarm: str) -> None:
    """At a first deploy no metric has any. Missing data that counts as breaching is an alarm then
    (CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data")."""
    properties = ALARMS[alarm]["Properties"]
    assert properties["TreatMissingData"] in ("notBreaching", "missing")
    if properties["TreatMissingData"] == "missing":
        assert properties["InsufficientDataActions"] == properties["AlarmActions"]


def test_a_sweeper_that_falls_silent_raises_the_alarm() -> None:
    silent = ALARMS["SweepRunsSilentAlarm"]["Properties"]
    assert silent["MetricName"] == "Invocations"
    assert silent["TreatMissingData"] == "missing", "otherwise silence is no change of state"


def _gives_up_into() -> set[str]:
    """Queues that catch what rules, asynchronous invocations and other queues give up."""
    rules = {
        get_att(target["DeadLetterConfig"]["Arn"])
        for rule in RULES.values()
        for target in rule["Properties"]["Targets"]
    }
    invocations = {
        get_att(
            item["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"]
        )
        for item in FUNCTIONS.values()
        if "EventInvokeConfig" in item["Properties"]
    }
    return DEAD_LETTERS | rules | invocations


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_has_dead_letters_or_holds_them(queue: str) -> None:
    assert ("RedrivePolicy" in QUEUES[queue]["Properties"]) != (queue in _gives_up_into())


@pytest.mark.parametrize("queue", sorted(_gives_up_into()))
def test_dead_letters_ring_and_stay_14_days(queue: str) -> None:
    metric = "ApproximateNumberOfMessagesVisible"
    assert queue in alarmed("AWS/SQS", metric, "QueueName")
    assert QUEUES[queue]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def _is_periodic(function: str) -> bool:
    """Whether it is only invoked by schedules, which come again and ask for the same."""
    events = FUNCTIONS[function]["Properties"].get("Events", {}).values()
    return bool(events) and all(
        event["Type"] == "ScheduleV2"
        and event["Properties"]["ScheduleExpression"].startswith("rate(")
        for event in events
    )


# Whoever invokes it asks it something and waits for the answer.
ANSWERS_ALONE = "WatchRunsFunction"


def _hops() -> dict[str, str | None]:
    """Each way into a function or a queue, with the queue for what it gives up; None: it has none.

    A function that no queue feeds is invoked asynchronously by somebody: by schedules, rules and
    subscriptions, of this stack or another.
    """
    hops: dict[str, str | None] = {}
    for function, item in FUNCTIONS.items():
        properties = item["Properties"]
        sources = properties.get("Events", {}).values()
        fed = [event["Properties"]["Queue"] for event in sources if event["Type"] == "SQS"]
        for queue in map(get_att, fed):
            redrive = QUEUES[queue]["Properties"].get("RedrivePolicy", {})
            hops[f"{queue} to {function}"] = (
                get_att(redrive["deadLetterTargetArn"]) if redrive else None
            )
        if not fed and not _is_periodic(function) and function != ANSWERS_ALONE:
            destinations = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {})
            on_failure = destinations.get("OnFailure")
            hops[f"invocation of {function}"] = (
                get_att(on_failure["Destination"]) if on_failure else None
            )
    for rule, item in RULES.items():
        for target in item["Properties"]["Targets"]:
            config = target.get("DeadLetterConfig")
            hops[f"{rule} to {get_att(target['Arn'])}"] = get_att(config["Arn"]) if config else None
    return hops


@pytest.mark.parametrize("hop", _hops())
def test_nothing_is_dropped_in_silence_on_any_hop(hop: str) -> None:
    dead_letters = _hops()[hop]
    assert dead_letters is not None, "what it gives up goes nowhere"
    metric = "ApproximateNumberOfMessagesVisible"
    assert dead_letters in alarmed("AWS/SQS", metric, "QueueName")


def test_nothing_of_the_stack_invokes_what_only_answers() -> None:
    assert "Events" not in FUNCTIONS[ANSWERS_ALONE]["Properties"]


def test_every_queue_is_on_a_hop() -> None:
    ways = _hops()
    fed = {hop.split(" to ")[0] for hop in ways}
    assert QUEUES.keys() <= fed | {queue for queue in ways.values() if queue}


@pytest.mark.parametrize("function", [each for each in FUNCTIONS if _is_periodic(each)])
def test_a_periodic_function_rings_when_it_is_not_invoked(function: str) -> None:
    assert function in alarmed("AWS/Lambda", "Invocations", "FunctionName")


@pytest.mark.parametrize("rule", RULES)
def test_rule_targets_have_dead_letters(rule: str) -> None:
    targets = RULES[rule]["Properties"]["Targets"]
    assert targets
    assert all("DeadLetterConfig" in target for target in targets)


def _sources() -> list[tuple[str, dict[str, Any]]]:
    return [
        (function, source["Properties"])
        for function, item in FUNCTIONS.items()
        for source in item["Properties"].get("Events", {}).values()
        if source["Type"] == "SQS"
    ]


def test_every_queue_of_work_has_one_reader() -> None:
    readers = [get_att(source["Queue"]) for _, source in _sources()]
    assert sorted(readers) == sorted(set(QUEUES) - _gives_up_into())


@pytest.mark.parametrize(("function", "source"), _sources())
def test_queue_source(function: str, source: dict[str, Any]) -> None:
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    concurrency = source["ScalingConfig"]["MaximumConcurrency"]
    if isinstance(concurrency, dict):
        concurrency = template()["Parameters"][concurrency["Ref"]]["MinValue"]
    assert concurrency >= 2
    timeout = FUNCTIONS[function]["Properties"].get("Timeout", GLOBALS["Timeout"])
    queue = QUEUES[get_att(source["Queue"])]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_the_wait_for_an_airflow_rings() -> None:
    assert ALARMS["NotifyWaitAlarm"]["Properties"]["MetricName"] == "NotifyWait"
    handler = (ROOT / "functions" / "notify_airflow" / "app.py").read_text()
    assert 'seconds("NotifyWait"' in handler
    period = ALARMS["NotifyWaitAlarm"]["Properties"]["Period"]
    assert period >= LONGEST_DELAY_SECONDS, "each period has a sample of what waits"


def test_notices_take_as_long_as_their_calls_may() -> None:
    """A listing, a search, a POST and the login before, each at its slowest."""
    timeout = FUNCTIONS["NotifyAirflowFunction"]["Properties"]["Timeout"]
    assert timeout >= 4 * (CONNECT_SECONDS + READ_SECONDS)


@pytest.mark.parametrize(
    ("function", "queues"),
    [
        ("StartRunFunction", {"LaunchQueue", "StopQueue", "LogsQueue"}),
        ("LaunchRunFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
        ("TrackRunFunction", {"LaunchQueue", "FinishQueue", "StopQueue", "NotifyQueue"}),
        ("CopyLogsFunction", {"LogsQueue"}),
        ("FinishRunFunction", {"LogsQueue", "NotifyQueue"}),
        ("NotifyAirflowFunction", {"NotifyQueue"}),
        ("StopRunFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
        ("SweepRunsFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
    ],
)
def test_function_may_send_to_the_queues_that_it_feeds(function: str, queues: set[str]) -> None:
    targets: set[str] = set()
    for statement in statements(function):
        if statement["Action"] == "sqs:SendMessage":
            resource = statement["Resource"]
            named = resource if isinstance(resource, list) else [resource]
            targets |= {get_att(item) for item in named}
    assert targets == queues | _own_dead_letters(function) | _on_failure(function)


def _on_failure(function: str) -> set[str]:
    """Where Lambda sends, by the function's role, what its asynchronous invocations give up."""
    config = FUNCTIONS[function]["Properties"].get("EventInvokeConfig")
    return {get_att(config["DestinationConfig"]["OnFailure"]["Destination"])} if config else set()


def _own_dead_letters(function: str) -> set[str]:
    """Those of the queue that feeds it."""
    fed = [source for fed, source in _sources() if fed == function]
    return {
        get_att(
            QUEUES[get_att(each["Queue"])]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]
        )
        for each in fed
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_gives_up_into_the_dead_letters_of_its_own_queue(function: str) -> None:
    variables = FUNCTIONS[function]["Properties"].get("Environment", {}).get("Variables", {})
    named = variables.get("JETBRIDGE_DEAD_LETTERS_URL")
    assert ({get_att(named)} if named else set()) == _own_dead_letters(function)


@pytest.mark.parametrize("metric", ["RowsUnreadable", "RecordsUnreadable", "StopsRefused"])
def test_what_is_passed_over_rings(metric: str) -> None:
    [alarm] = [
        each["Properties"] for each in ALARMS.values() if each["Properties"]["MetricName"] == metric
    ]
    assert (alarm["Namespace"], alarm["Threshold"], alarm["Statistic"]) == ("Jetbridge", 0, "Sum")
    sources = [*(ROOT / "functions").glob("*/app.py"), ROOT / TELEMETRY]
    assert any(f'"{metric}"' in source.read_text() for source in sources)


TELEMETRY = "layers/jetbridge/src/jetbridge/wiring/telemetry.py"
