"""What Airflow learns of a run that isn't launched yet."""

from jetbridge.contract import Wait, Waiting
from jetbridge.domain.failures import POLICY, Decision, waits_until
from jetbridge.domain.patience import PATIENCE_SECONDS
from jetbridge.domain.run import Run
from jetbridge.domain.secrets import masked_text

# Nothing reports a shorter wait but the launch itself.
TOLD_AFTER_SECONDS = 30


def wait_for_another_launch(run: Run) -> Waiting | None:
    """Of a run whose launch died and is to be replaced; None if none died."""
    if not run.deaths:
        return None
    death = run.deaths[-1]
    waits = POLICY[death.cause].decision is Decision.WAIT
    cause = death.cause.replace("_", " ")
    return Waiting(
        run_id=run.run_id,
        launch=run.launch,
        what="capacity" if waits else "another_launch",
        reason=f"launch {death.launch} ended: {cause}. AWS says: {masked_text(death.reason)}",
        since=death.at,
        until=waits_until(run),
        next_at=run.not_before,
    )


def wait_for_turn(run: Run, what: Wait, reason: str, since: float, next_at: float) -> Waiting:
    """Of a run whose launch was put off."""
    return Waiting(
        run_id=run.run_id,
        launch=run.launch,
        what=what,
        reason=masked_text(reason),
        since=since,
        until=run.deadline or since + PATIENCE_SECONDS,
        next_at=next_at,
    )
