"""The launch queue's settings in the template, against the rules that they follow from."""

from jetbridge_testing.template import resources

from jetbridge.pacing.dynamodb import LONGEST_WAIT_SECONDS, Pace

# Amazon SQS developer guide, "How Amazon SQS fair queues work".
NOISY_MESSAGES_IN_FLIGHT = 30
# What a launch takes besides its wait, generously.
LAUNCH_SECONDS = 8

FUNCTION = resources("AWS::Serverless::Function")["LaunchRunFunction"]["Properties"]
SOURCE = FUNCTION["Events"]["LaunchQueue"]["Properties"]
IN_FLIGHT = SOURCE["BatchSize"] * SOURCE["ScalingConfig"]["MaximumConcurrency"]


def test_a_flood_has_enough_messages_in_flight_to_be_noticed() -> None:
    assert IN_FLIGHT > NOISY_MESSAGES_IN_FLIGHT


def test_a_batch_is_through_before_the_function_times_out() -> None:
    batch = SOURCE["BatchSize"] * (LONGEST_WAIT_SECONDS + LAUNCH_SECONDS)
    assert batch <= FUNCTION.get("Timeout", 30)


def test_functions_that_wait_together_all_get_a_turn_in_time() -> None:
    """At the default rate: nobody is sent away by those who merely wait beside them."""
    waiting = SOURCE["ScalingConfig"]["MaximumConcurrency"]
    assert waiting * Pace.of(20).interval / 1e6 < LONGEST_WAIT_SECONDS


def test_alarms_watch_the_age_of_all_messages_and_of_the_quiet_groups() -> None:
    alarms = [
        alarm["Properties"]
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == "AWS/SQS"
        and alarm["Properties"]["Dimensions"][0]["Value"]
        == {"Fn::GetAtt": ["LaunchQueue", "QueueName"]}
    ]
    thresholds = {alarm["MetricName"]: alarm["Threshold"] for alarm in alarms}
    quiet = thresholds["ApproximateAgeOfOldestMessageInQuietGroups"]
    assert quiet < thresholds["ApproximateAgeOfOldestMessage"]
