"""``jetbridge verify``."""

import os
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from jetbridge_cli.asking import confirm
from jetbridge_cli.aws import Aws
from jetbridge_cli.options import Output, OutputFormat, Profile, Region, Yes
from jetbridge_cli.problems import reported
from jetbridge_cli.tables import write_table
from jetbridge_cli.verify.checks import CHECKS, Check
from jetbridge_cli.verify.cost import at_most, total
from jetbridge_cli.verify.deploying import Checkout
from jetbridge_cli.verify.identity import identity_of
from jetbridge_cli.verify.interruption import Interruption
from jetbridge_cli.verify.masking import NOTHING, Masking
from jetbridge_cli.verify.names import Names
from jetbridge_cli.verify.network import network_of
from jetbridge_cli.verify.patience import Patience
from jetbridge_cli.verify.plan import Plan
from jetbridge_cli.verify.recorder import Recorder
from jetbridge_cli.verify.removal import Removal, unremoved
from jetbridge_cli.verify.report import Report
from jetbridge_cli.verify.running import Result
from jetbridge_cli.verify.setting_up import SettingUp
from jetbridge_cli.verify.verification import REMOVAL_SECONDS, Verification, now
from jetbridge_cli.writing import say, write, write_json, write_prose

SOME_FAILED = 1
NOT_SET_UP = 3
NOT_REMOVED = 4
_SIGNALLED = 128
_ALARM = "Type: AWS::CloudWatch::Alarm\n"


def verify(
    checkout: Annotated[
        Path, typer.Option(help="Folder of a clone of Jetbridge's repository: what is deployed.")
    ] = Path(),
    name: Annotated[
        str | None, typer.Option(help="Name of everything that is made; default: a random one.")
    ] = None,
    subnet: Annotated[
        list[str] | None,
        typer.Option(help="Where containers run; repeatable; default: the default VPC's."),
    ] = None,
    public_ip: Annotated[
        bool, typer.Option(help="Whether containers get public addresses, to reach AWS.")
    ] = True,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE of Jetbridge's template; repeatable."),
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this check; repeatable.")] = None,
    region: Region = None,
    profile: Profile = None,
    sam: Annotated[str, typer.Option(help="The AWS SAM CLI.")] = "sam",
    built: Annotated[
        bool, typer.Option("--built", help="The checkout is built already (sam build).")
    ] = False,
    report_folder: Annotated[Path, typer.Option(help="Where the report is written.")] = Path(),
    show_account: Annotated[
        bool, typer.Option("--show-account", help="Don't mask the account and caller.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Remove nothing.")] = False,
    remove: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Remove what an earlier verification has left; no more."),
    ] = None,
    list_checks: Annotated[
        bool, typer.Option("--list", help="Say what the checks are; do nothing.")
    ] = False,
    yes: Yes = False,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Prove that Jetbridge works in an account: deploy it, check it, report, remove it.

    First says what it will make, and the highest cost. Exit code 0: every check has passed. 1: a
    check has failed. 3: the stacks could not be set up. 4: something could not be removed. Ctrl-C
    also removes everything. With --output json, the report goes to standard output, too, and
    everything else to standard error.
    """
    if list_checks and output is Output.JSON:
        write_json([{"check": check.name, "proves": check.proves} for check in CHECKS])
        return
    if list_checks:
        rows = [[check.name, check.proves] for check in CHECKS]
        write_table(["check", "proves"], rows, whole=["check"])
        return
    with reported(NOT_SET_UP):
        aws = Aws(profile, region)
        recorder = Recorder()
        recorder.listen(aws.session)
        if remove is not None:
            _remove(aws, Names.checked(remove), output)
            return
        names = Names.new() if name is None else Names.checked(name)
        flags = _flags(aws, profile)
        source = Checkout(checkout.resolve(), sam, flags)
        source.check()
        checks = _chosen(only or [])
        parameters = _parameters(parameter or [])
        alarms = (source.folder / "template.yaml").read_text().count(_ALARM)
        identity = identity_of(aws)
        network = network_of(aws, subnet or [], public_ip)
        cost = at_most(checks, alarms)
        plan = Plan(names, identity.account, flags[1], network, checks, cost)
        for line in str(plan).splitlines():
            if output is Output.JSON:
                say(line)
            else:
                write_prose(line)
        if not yes:
            confirm("Go on?")
        interruption = Interruption(_say)
        setting_up = SettingUp(
            aws=aws,
            names=names,
            checkout=source,
            network=network,
            parameters=parameters,
            built=built,
            recorder=recorder,
            stopped=interruption.stopped,
            tell=_say,
        )
        verification = Verification(setting_up, checks, alarms, keep, interruption, _say_result)
        report = Report(
            name=names.name,
            version=version("jetbridge-cli"),
            region=flags[1],
            account=identity.account,
            endpoint=os.environ.get("AWS_ENDPOINT_URL", ""),
            began=now(),
            clock_ahead_seconds=identity.clock_ahead_seconds,
            cost_at_most_usd=total(cost),
        )
        try:
            verification(report)
        finally:
            masking = NOTHING if show_account else Masking(identity.account, identity.arn)
            paths = report.write(report_folder, masking)
            if output is Output.JSON:
                write_json(report.as_json(masking))
            else:
                _write_report(report, paths)
    raise typer.Exit(_exit_code(report, interruption))


def _exit_code(report: Report, interruption: Interruption) -> int:
    if report.left:
        return NOT_REMOVED
    if interruption.number:
        return _SIGNALLED + interruption.number
    if report.problem:
        return NOT_SET_UP
    return SOME_FAILED if report.failed else 0


def _remove(aws: Aws, names: Names, output: Output) -> None:
    others = unremoved(aws)
    if output is Output.JSON:
        left = Removal(aws, names, Patience(REMOVAL_SECONDS, threading.Event()), _say)()
        write_json({"name": names.name, "found": names.name in others, "left": left})
        raise typer.Exit(NOT_REMOVED if left else 0)
    if names.name not in others:
        there = f"there are {', '.join(others)}" if others else "there is none at all"
        write(f"Nothing has the tag of a verification {names.name}; {there}.")
    left = Removal(aws, names, Patience(REMOVAL_SECONDS, threading.Event()), _say)()
    for each in left:
        write(f"Not removed: {each}")
    if left:
        raise typer.Exit(NOT_REMOVED)
    write(f"Everything of {names.name} is removed.")


def _flags(aws: Aws, profile: str | None) -> tuple[str, ...]:
    """The same region and profile for the SAM CLI."""
    region = ("--region", aws.cloudformation.meta.region_name)
    return region if profile is None else (*region, "--profile", profile)


def _chosen(names: list[str]) -> list[Check]:
    known = {check.name: check for check in CHECKS}
    for name in names:
        if name not in known:
            raise typer.BadParameter(
                f"{name!r} isn't a check: there are {', '.join(known)}", param_hint="--only"
            )
    return [known[name] for name in known if not names or name in names]


def _parameters(given: list[str]) -> dict[str, str]:
    for each in given:
        if "=" not in each:
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE", param_hint="--parameter")
    return dict(each.split("=", 1) for each in given)


def _say(text: str) -> None:
    say(f"{time.strftime('%H:%M:%S')}  {text}")


def _say_result(result: Result) -> None:
    reason = f": {result.reason}" if result.reason else ""
    _say(f"{result.verdict:<8} {result.name} ({result.seconds:.0f} s){reason}")


def _write_report(report: Report, paths: list[Path]) -> None:
    for path in paths:
        write(f"Report: {path}")
    if report.problem:
        write(report.problem)
    passed = len(report.results) - len(report.failed)
    write(f"{report.verdict}: {passed} of {len(report.results)} checks did not fail.")
    if report.left is None:
        write(f"Nothing was removed: jetbridge verify --remove {report.name}")
    for each in report.left or []:
        write(f"Not removed: {each}")
