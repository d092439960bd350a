"""For every dead-letter queue of the template the command says what a deletion loses."""

from typing import Any, cast

import pytest
from jetbridge_testing.template import ROOT, template

from jetbridge_cli.destinations import QueueDestination
from jetbridge_cli.losses import loss
from jetbridge_cli.stack import DeadLetterQueue


def given_up_by() -> dict[str, str]:
    """The queue or function whose dead letters are in each queue of the template, by logical id."""
    found = {}
    for name, resource in template()["Resources"].items():
        properties = resource.get("Properties", {})
        if arn := properties.get("RedrivePolicy", {}).get("deadLetterTargetArn"):
            found[arn["Fn::GetAtt"][0]] = name
        on_failure = (
            properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure")
        )
        if on_failure:
            found[on_failure["Destination"]["Fn::GetAtt"][0]] = name
        for target in properties.get("Targets", []) if resource["Type"].endswith("Rule") else []:
            found[target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]] = target["Arn"]["Fn::GetAtt"][
                0
            ]
    return found


@pytest.mark.parametrize(("name", "source"), sorted(given_up_by().items()))
def test_a_drop_says_what_is_lost(name: str, source: str) -> None:
    queue = DeadLetterQueue(
        name=name,
        url="",
        arn="",
        destination=QueueDestination(cast(Any, None), source, ""),
        messages=1,
        in_flight=0,
        asked_at=0,
    )
    lost, afterwards = loss(queue, ["r1"])
    assert lost.startswith("Lost: ")
    assert lost.endswith(" of run r1.")
    assert "doesn't know the queue" not in afterwards


@pytest.mark.parametrize("name", sorted(given_up_by()))
def test_the_manual_says_what_to_do(name: str) -> None:
    assert f"| {name} |" in (ROOT / "docs" / "reference" / "operations.md").read_text()
