"""The limits on the command line: what the program is started with is what was given."""

from dataclasses import asdict, fields

import pytest

from jetbridge_local.__main__ import _parser
from jetbridge_local.limits import Limits


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(run_task_per_second=5.5, run_task_burst=7, disguised_throttling=True),
        Limits(fargate_per_second=3, fargate_burst=9, fargate_capacity_tasks=0),
        Limits(submit_job_per_second=2, submit_job_burst=1),
    ],
)
def test_flags_say_the_limits(limits: Limits) -> None:
    options = vars(_parser().parse_args(["up", "--state", "state", *limits.flags()]))
    assert {each.name: options[each.name] for each in fields(Limits)} == asdict(limits)


def test_aws_s_own_limits_need_no_flags() -> None:
    assert Limits().flags() == []
