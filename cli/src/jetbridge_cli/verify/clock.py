"""Moments as AWS and Jetbridge write them."""

from datetime import UTC, datetime


def epoch(moment: str) -> float:
    """Epoch seconds of an ISO 8601 moment; UTC where it says no zone."""
    parsed = datetime.fromisoformat(moment)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
