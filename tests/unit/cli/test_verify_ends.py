"""Whatever goes wrong in a verification, what it made is removed and the report says why."""

import signal
from pathlib import Path
from typing import Any

import pytest
from cli_stack import REGION, client

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify import verification as module
from jetbridge_cli.verify.deploying import Checkout, DeployFailed
from jetbridge_cli.verify.formation import StackFailed
from jetbridge_cli.verify.interruption import Interruption
from jetbridge_cli.verify.names import TAG, Names
from jetbridge_cli.verify.network import Network
from jetbridge_cli.verify.patience import Interrupted
from jetbridge_cli.verify.recorder import Recorder
from jetbridge_cli.verify.removal import Removal
from jetbridge_cli.verify.report import Report
from jetbridge_cli.verify.setting_up import SettingUp
from jetbridge_cli.verify.verification import Verification

NAMES = Names("jbv-moto")
EMPTY = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'


def verification() -> Verification:
    interruption = Interruption(lambda _: None)
    setting_up = SettingUp(
        aws=Aws(region=REGION),
        names=NAMES,
        checkout=Checkout(Path(), "sam", ()),
        network=Network("vpc-1", ["subnet-1"], public_ip=True),
        parameters={},
        built=True,
        recorder=Recorder(),
        stopped=interruption.stopped,
        tell=lambda _: None,
    )
    return Verification(setting_up, [], 30, False, interruption, lambda _: None)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Late lines of logs are not waited for."""
    made: Any = Removal.__init__

    def make(self: Any, *arguments: Any) -> None:
        made(self, *arguments, 0.0)

    monkeypatch.setattr(Removal, "__init__", make)


def call(monkeypatch: pytest.MonkeyPatch, error: BaseException | None) -> Report:
    """Setting up makes the quickstart's stack, and then meets an error."""

    def set_up(*_: object) -> None:
        client("cloudformation").create_stack(
            StackName=NAMES.quickstart,
            TemplateBody=EMPTY,
            Tags=[{"Key": TAG, "Value": NAMES.name}],
        )
        if error is None:
            signal.raise_signal(signal.SIGTERM)
            raise Interrupted
        raise error

    monkeypatch.setattr(SettingUp, "__call__", set_up)
    report = Report("jbv-moto", "0", REGION, "123456789012", "", "2026-11-28T11:00:00Z")
    try:
        verification()(report)
    finally:
        assert client("cloudformation").describe_stacks()["Stacks"] == []
        assert report.left == []
        assert report.ended
        assert report.verdict == "failed"
    return report


@pytest.mark.parametrize(
    "error", [StackFailed("Bucket: exists"), DeployFailed("`sam deploy` ended with 1")]
)
def test_what_cant_be_made_is_said(
    aws: None, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    assert str(error) in call(monkeypatch, error).problem


def test_an_interruption_is_said(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(monkeypatch, None).problem == "it was interrupted (SIGTERM)"


def test_an_error_that_nobody_thought_of_keeps_nothing(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ZeroDivisionError):
        call(monkeypatch, ZeroDivisionError())


def test_neither_does_one_in_looking_back(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise KeyError("documentation")

    monkeypatch.setattr(module, "warnings", breaks)
    with pytest.raises(KeyError):
        call(monkeypatch, StackFailed("Bucket: exists"))
