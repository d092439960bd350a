"""The recorded calls."""

from jetbridge_local.recorder import Call, CallLog


def call(time: float) -> Call:
    return Call(
        time=time,
        service="sts",
        operation="GetCallerIdentity",
        status=200,
        caller="me",
        access_key="me",
        user_agent="",
        identifiers={},
    )


def test_since_takes_the_call_of_that_very_moment() -> None:
    log = CallLog()
    for moment in (1.0, 2.0, 3.0):
        log.add(call(moment))
    assert [entry["time"] for entry in log.since(2.0)] == [2.0, 3.0]
    assert len(log.since()) == 3


def test_only_the_newest_are_kept() -> None:
    log = CallLog(limit=3)
    for moment in range(10):
        log.add(call(float(moment)))
    assert [entry["time"] for entry in log.since()] == [7.0, 8.0, 9.0]


def test_clearing_leaves_nothing() -> None:
    log = CallLog()
    log.add(call(1.0))
    log.clear()
    assert log.since() == []
