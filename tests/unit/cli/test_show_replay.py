"""``jetbridge show --replay`` on a stack in moto."""

from cli_stack import Bridge
from msgspec.structs import replace
from operated import NOW, failed, outcome_of, run_of

from jetbridge.contract import Cause, Fault
from jetbridge.runs.reports import ContainerEnd, Ending
from jetbridge.runs.run import Status


def finished(bridge: Bridge, cause: Cause) -> str:
    run = run_of("k")
    ending = Ending(
        code="EssentialContainerExited",
        reason="Essential container in task exited",
        containers=[ContainerEnd(name="main", exit_code=3)],
    )
    bridge.accepted(run, status=Status.ENDED, ending=ending, ended_at=NOW + 11)
    outcome = replace(failed(outcome_of(run, at=12)), cause=cause, fault=Fault.JOB)
    return bridge.sealed(outcome)


def test_a_run_that_is_decided_the_same_today(bridge: Bridge) -> None:
    run_id = finished(bridge, Cause.APPLICATION_EXIT)
    told = bridge.json("show", "--replay", run_id)
    assert [each["what"] for each in told["decisions"] if each["differs"]] == []
    assert len(told["decisions"]) == 7
    assert "None differ" in bridge.call("show", "--replay", run_id).stdout


def test_what_differs_is_shown_and_ends_the_command_with_3(bridge: Bridge) -> None:
    run_id = finished(bridge, Cause.OUT_OF_MEMORY)
    result = bridge.call("show", "--replay", run_id)
    assert result.exit_code == 3
    [line] = [line for line in result.stdout.splitlines() if line.startswith("cause")]
    assert line.split() == ["cause", "out_of_memory", "application_exit"]


def test_what_goes_on_has_no_history_yet(bridge: Bridge) -> None:
    run_id = bridge.accepted(run_of("k"))
    result = bridge.call("show", "--replay", run_id)
    assert (result.exit_code, "only a finished run" in result.stderr) == (1, True)


def test_a_run_whose_row_has_expired_cannot_be_replayed(bridge: Bridge) -> None:
    run_id = bridge.sealed(outcome_of(run_of("k")))
    result = bridge.call("show", "--replay", run_id)
    assert (result.exit_code, "rows are kept for 30 days" in result.stderr) == (1, True)
