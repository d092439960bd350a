"""How long a launch has waited, by the run's row."""

import pytest
from jetbridge_testing.samples import new_run
from msgspec.structs import replace

from jetbridge.runs.run import Run, Status

RUN = new_run(created_at=1_000.0)


@pytest.mark.parametrize(
    ("row", "waited"),
    [
        (RUN, 50.0),
        (replace(RUN, status=Status.LAUNCHED, last_attempt_at=1_012.0), 12.0),
        (replace(RUN, launch=2, not_before=1_040.0), 10.0),
        (replace(RUN, launch=2, not_before=1_060.0), 0.0),
    ],
    ids=["put off", "launched", "launched again", "not yet to be launched"],
)
def test_waited(row: Run, waited: float) -> None:
    assert row.waited(1_050.0) == waited
